"""What a long benchmark has found so far, so that one which is ended before its end was not for nothing."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from bench.points import Point


def tell(console: Console, points: Sequence[Point]) -> None:
    """Print each point on a line of its own."""
    for one in points:
        console.print(
            f"{one.label}: {one.ours} {one.unit} of {one.floor}, p50 {one.p50_ms} ms, p99 {one.p99_ms} ms",
            style="dim",
            highlight=False,
        )


def say(console: Console, text: str) -> None:
    """Print one line of news."""
    console.print(text, style="dim", highlight=False, markup=False)
