"""Runs the command as `python -m auditor.cli`, where it is not installed on the path."""

from __future__ import annotations

from auditor.cli.main import main

main()
