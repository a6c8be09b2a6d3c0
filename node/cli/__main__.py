"""Runs the command as `python -m node.cli`, where it is not installed on the path."""

from __future__ import annotations

from node.cli.main import main

main()
