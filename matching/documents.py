"""Document numbers cleaned, and folded so that characters that look alike are one."""

from __future__ import annotations


def clean(number: str) -> str:
    """The letters and digits of a number in upper case; letters that only look Latin become Latin."""
    raise NotImplementedError


def fold(number: str) -> str:
    """`clean(number)` with look-alikes folded (O0 I1 B8 S5 Z2 G6)."""
    raise NotImplementedError
