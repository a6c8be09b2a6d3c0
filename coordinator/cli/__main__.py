"""Runs the command as `python -m coordinator.cli`, where it is not installed on the path."""

from __future__ import annotations

from coordinator.cli.main import main

main()
