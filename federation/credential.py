"""A credential: an officer, as the officer's agency vouches for them."""

from __future__ import annotations

from dataclasses import dataclass

from federation.instant import Window
from federation.keys import VerifyingKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Agency `member` says that `officer` of `office` signs with `public_key`, for `purposes`, within `window`."""

    federation: str
    credential_id: bytes
    member: str
    officer: str
    office: str
    purposes: tuple[str, ...]
    public_key: VerifyingKey
    window: Window
