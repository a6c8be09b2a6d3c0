"""One fuzzer: `python -m tests.fuzz TARGET`, with the options of libFuzzer; a file as an argument replays it."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

import structlog

from tests.fuzz import corpora


def main() -> None:
    """Fuzz the target named, its own and the product's code instrumented."""
    name = sys.argv.pop(1)
    if name not in corpora.TARGETS:
        sys.exit(f"no such target: {name}; the targets are {', '.join(corpora.TARGETS)}")
    import atheris  # REASON: only the soak's environment has it; a replay by pytest needs none

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with atheris.instrument_imports(include=[*corpora.PACKAGES, "tests.fuzz.targets"]):
        target: Any = importlib.import_module(f"tests.fuzz.targets.{name}")
    atheris.Setup(sys.argv, target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
