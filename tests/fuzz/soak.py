"""Every fuzzer for a while: `python -m tests.fuzz.soak --seconds 60`; a table, and a finding with how to replay it."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz import corpora

FINDINGS: Final = corpora.ROOT / "findings"
_MEMORY_MB: Final = 1024
_SECONDS_PER_INPUT: Final = 10
_STATISTIC: Final = re.compile(r"stat::(\w+):\s+(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Soaked:
    """What one fuzzer did."""

    target: str
    executions: int
    memory_mb: int
    kept: int
    added: int
    finding: Path | None


def soak(target: str, seconds: int) -> Soaked:
    """Run one fuzzer in a process of its own, and keep those of its inputs that reach new lines."""
    with tempfile.TemporaryDirectory(prefix="simpul-fuzz-") as room:
        work = Path(room) / "corpus"
        work.mkdir()
        for at, seed in enumerate(corpora.load(target).seeds()):
            (work / f"seed-{at}").write_bytes(seed)
        known = corpora.CORPUS / target
        known.mkdir(parents=True, exist_ok=True)
        found = Path(room) / "found-"
        command = [sys.executable, "-m", "tests.fuzz", target, str(work), str(known), f"-max_total_time={seconds}"]
        command += [f"-timeout={_SECONDS_PER_INPUT}", f"-rss_limit_mb={_MEMORY_MB}", f"-max_len={corpora.LONGEST}"]
        command += ["-print_final_stats=1", "-verbosity=1", f"-artifact_prefix={found}"]
        environment = os.environ | {"GRPC_ENABLE_FORK_SUPPORT": "0", "PYTHONHASHSEED": "0"}
        ended = subprocess.run(
            command, cwd=corpora.ROOT, env=environment, capture_output=True, text=True, errors="replace", check=False
        )
        statistics = dict(_STATISTIC.findall(ended.stderr))
        finding = _finding(target, Path(room), ended)
        added = 0 if finding else corpora.keep(target, (path.read_bytes() for path in work.iterdir()))
    return Soaked(
        target=target,
        executions=int(statistics.get("number_of_executed_units", 0)),
        memory_mb=int(statistics.get("peak_rss_mb", 0)),
        kept=len(corpora.kept(target)),
        added=added,
        finding=finding,
    )


def _finding(target: str, room: Path, ended: subprocess.CompletedProcess[str]) -> Path | None:
    """The input at which a fuzzer stopped, put where it stays, with what the fuzzer said beside it."""
    saved = next(iter(sorted(room.glob("found-*"))), None)
    if saved is None and ended.returncode == 0:
        return None
    FINDINGS.mkdir(exist_ok=True)
    kept = FINDINGS / f"{target}-{saved.name.removeprefix('found-') if saved else 'without-input'}"
    kept.write_bytes(saved.read_bytes() if saved else b"")
    kept.with_name(f"{kept.name}.txt").write_text(ended.stderr[-20_000:])
    return kept


def main() -> None:
    """Run all, or those named, and end with 1 where there is a finding."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz.soak", description=__doc__)
    options.add_argument("--seconds", type=int, default=60, help="for each target")
    options.add_argument("targets", nargs="*", default=corpora.TARGETS)
    given = options.parse_args()
    print(f"{'target':<22}{'executions':>12}{'a second':>10}{'MB':>6}{'kept':>6}{'new':>5}  finding", flush=True)
    found: list[Soaked] = []
    for target in given.targets:
        one = soak(target, given.seconds)
        found.append(one)
        rate = one.executions // max(1, given.seconds)
        numbers = f"{one.executions:>12,}{rate:>10,}{one.memory_mb:>6}{one.kept:>6}{one.added:>5}"
        print(f"{target:<22}{numbers}  {one.finding or 'none'}", flush=True)
    for one in found:
        if one.finding is not None:
            print(f"replay: {sys.executable} -m tests.fuzz {one.target} {one.finding}")
    sys.exit(any(one.finding for one in found))


if __name__ == "__main__":
    main()
