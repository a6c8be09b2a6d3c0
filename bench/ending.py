"""A benchmark that is told to end stops what it started first."""

from __future__ import annotations

import asyncio
import signal


def end_well() -> None:
    """Have SIGTERM cancel the task that calls this, so that its processes and its database server are stopped."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
