"""Ed25519: published signatures get their verdict, and no key under which a forgery verifies is let in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from federation.errors import MalformedStatement, UntrustedSignature
from federation.keys import VerifyingKey

Vectors = Callable[[str], Path]


def verdict(key: str, signature: str, message: bytes) -> str:
    try:
        public = VerifyingKey(bytes.fromhex(key))
    except MalformedStatement:
        return "weak key"
    try:
        public.verify(bytes.fromhex(signature), message)
    except UntrustedSignature:
        return "invalid"
    return "valid"


def test_every_signature_of_wycheproof_gets_its_verdict(vectors: Vectors) -> None:
    groups: list[dict[str, Any]] = json.loads(vectors("wycheproof/ed25519_test.json").read_text())["testGroups"]
    judged = [
        (verdict(group["publicKey"]["pk"], test["sig"], bytes.fromhex(test["msg"])), test["result"])
        for group in groups
        for test in group["tests"]
    ]
    assert len(judged) == 151
    assert [pair for pair in judged if pair[0] != pair[1]] == []


def test_no_key_of_low_order_is_let_in_and_every_residue_is_refused(vectors: Vectors) -> None:
    """CCTV gives flags, not verdicts: its README says what most libraries do; admission of keys is stricter."""
    cases: list[dict[str, Any]] = json.loads(vectors("cctv_ed25519/ed25519vectors.json").read_text())
    assert len(cases) == 914
    for case in cases:
        found = verdict(case["key"], case["sig"], case["msg"].encode())
        flags = set(case["flags"] or ())
        if flags & {"low_order_A", "non_canonical_A"}:
            assert found == "weak key", case["number"]
        elif flags & {"non_canonical_R", "low_order_R", "low_order_residue"}:
            assert found == "invalid", case["number"]
        else:
            assert found == "valid", case["number"]
