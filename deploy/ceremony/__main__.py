"""The commands by which a federation is created and its roster changed: `python -m deploy.ceremony`."""

from __future__ import annotations

from deploy.ceremony.cli.main import main

if __name__ == "__main__":
    main()
