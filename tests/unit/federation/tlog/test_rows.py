"""Rows that no log takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from federation.tlog.rows import Evidence, Leaf, ReceiptRow, Wrap

H = bytes(32)
REFUSED: dict[str, Callable[[], object]] = {
    "empty_entry": lambda: Leaf(request=H, entry=b""),
    "entry_too_large": lambda: Leaf(request=H, entry=b"x" * 65_536),
    "request_too_short": lambda: Leaf(request=b"x", entry=b"x"),
    "digest_too_short": lambda: Evidence(digest=b"x", group=H, envelope_sha256=H, ct=b"x"),
    "group_too_short": lambda: Wrap(group=b"x", recipient="a", key_id="k", wrap_sha256=H, wrap=b"x"),
    "recipient_missing": lambda: Wrap(group=H, recipient="", key_id="k", wrap_sha256=H, wrap=b"x"),
    "zero_in_recipient": lambda: Wrap(group=H, recipient="a\0", key_id="k", wrap_sha256=H, wrap=b"x"),
    "member_missing": lambda: ReceiptRow(statement_digest=H, member="", proof=b"x"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_row_that_would_spoil_its_neighbours_transaction_cannot_be_made(what: str) -> None:
    with pytest.raises(ValueError, match=r"bytes|empty"):
        REFUSED[what]()


def test_a_row_at_the_limits_can_be_made() -> None:
    assert len(Leaf(request=H, entry=b"x" * 65_535).entry) == 65_535
