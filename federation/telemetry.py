"""Telemetry: JSON lines of constant events and ids, from a list of keys beyond which nothing is written."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

ALLOWED_KEYS: Final = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "role",
        "member",
        "peer",
        "query_id",
        "error",
        "reason",
        "incident",
        "index",
        "size",
        "count",
        "millis",
        "port",
        "path",
        "sha256",
        "version",
        "record_type",
        "table",
        "where",
        "step",
        "pid",
    }
)


def configure(role: str, member: str, *, level: str = "info", stream: Any = None) -> None:
    """Set up telemetry for this process; every line carries its role and member."""
    import structlog  # REASON: it loads much, and a command that ends well writes no telemetry

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed_keys,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(role=role, member=member)


def only_allowed_keys(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not on the list, and say that it was dropped, never what it held."""
    dropped = [key for key in event if key not in ALLOWED_KEYS]
    for key in dropped:
        del event[key]
    if dropped:
        event["error"] = "telemetry_key_dropped"
    return event


def telemetry() -> Any:
    """The logger of this process."""
    import structlog

    return structlog.get_logger()


def where(error: BaseException) -> str:
    """File and line at which an exception was raised: all that telemetry says of one, never its message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(error).__name__
    code = trace.tb_frame.f_code
    return f"{type(error).__name__} {'/'.join(code.co_filename.rsplit('/', 2)[-2:])}:{trace.tb_lineno}"
