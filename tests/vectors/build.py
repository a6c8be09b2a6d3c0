"""The example bytes of the specification, made from the code; `python -m tests.vectors.build` writes them anew."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from federation.answer import Answer, Contact, Match, Refusal, SubjectAnswer, Text
from federation.append import query_entry
from federation.entry import Entry, request_digest
from federation.envelope import Envelope
from federation.evidence import content_key, group_id, unwrap, wrap_for, wraps_digest
from federation.instant import micros
from federation.keys import SigningKey
from federation.result import Answered, Claim, Result, SubjectResult
from federation.seal import seal
from federation.statement import STATEMENTS
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.merkle import fold, leaf_hash, node_hash
from federation.tlog.note import NoteSigner
from federation.tlog.receipt import Receipt
from federation.v1 import answer_pb2, credential_pb2, entry_pb2, query_pb2, result_pb2, roster_pb2
from federation.wire.entry import encode_entry
from federation.wire.envelope import encode_envelope
from tests.vectors import cast

FOLDER: Final = Path(__file__).parent
SPEC: Final = FOLDER.parents[1] / "docs" / "spec"
BLOCK: Final = re.compile(r"^```hex (?P<name>[a-z_.0-9]+)\n(?P<hex>[0-9a-f\n]*)```$", re.MULTILINE)
_MESSAGES: Final[dict[str, type[Message]]] = {
    "Answer": answer_pb2.Answer,
    "Credential": credential_pb2.Credential,
    "Query": query_pb2.Query,
    "Refusal": answer_pb2.Refusal,
    "Result": result_pb2.Result,
    "Roster": roster_pb2.Roster,
}
_POLICY: Final = b'member = "polri"\n'


def answer() -> Answer:
    """One match under the class `fields`."""
    match = Match(
        band="strong",
        record_type="police_registration",
        disclosure_class="fields",
        as_of=cast.AT - timedelta(days=1),
        fields=(("number", ("STM/0007/X/2026",)), ("on", ("2026-10-20",))),
        reference="STM-7",
    )
    return Answer(
        federation=cast.FEDERATION,
        query_digest=_query().statement_digest,
        query_id=cast.QUERY_ID,
        nonce=cast.nonce("answer"),
        member=cast.NODE,
        roster_version=1,
        answered=cast.AT + timedelta(seconds=1),
        disclosure_class="fields",
        subjects=(SubjectAnswer(subject=0, band="strong", matches=(match,)),),
        contact=Contact(desk=Text(indonesian="Piket Intelkam", english="Duty desk"), telephone="+62 254 000000"),
        index_as_of=cast.AT - timedelta(minutes=10),
        parameters="preset-1",
    )


def refusal() -> Refusal:
    """The same query refused for want of quota."""
    return Refusal(
        federation=cast.FEDERATION,
        query_digest=_query().statement_digest,
        query_id=cast.QUERY_ID,
        nonce=cast.nonce("refusal"),
        member=cast.NODE,
        roster_version=1,
        refused=cast.AT + timedelta(seconds=1),
        reason="quota_exhausted",
        detail="500 subjects an hour",
        retry_after=timedelta(minutes=60),
    )


def result() -> Result:
    """The coordinator's merge of the one answer."""
    claims = tuple(
        Claim(
            member=cast.NODE,
            record_type="police_registration",
            field=name,
            values=values,
            band="strong",
            disclosure_class="fields",
            as_of=cast.AT - timedelta(days=1),
            match=0,
        )
        for name, values in answer().subjects[0].matches[0].fields
    )
    return Result(
        federation=cast.FEDERATION,
        query_digest=_query().statement_digest,
        query_id=cast.QUERY_ID,
        nonce=cast.nonce("result"),
        coordinator=cast.COORDINATOR,
        roster_version=1,
        made=cast.AT + timedelta(seconds=2),
        outcomes=(Answered(member=cast.NODE, statement_digest=_answer().statement_digest, disclosure_class="fields"),),
        subjects=(SubjectResult(subject=0, strong=(cast.NODE,), claims=claims),),
    )


def vectors(wraps: Sequence[bytes] = ()) -> dict[str, Any]:
    """Every vector by its name; `wraps` are those committed, since each wrap is made with fresh randomness."""
    officers = (cast.OFFICERS["sari"], cast.OFFICERS["budi"])
    evidence = _evidence(wraps)
    entries = _entries(evidence)
    return {
        "envelope": _envelope(cast.sole_query(), cast.OFFICERS["sari"]),
        "query": _envelope(_query(), *officers, cast.STATEMENT_KEYS[cast.COORDINATOR]),
        "credential": _envelope(cast.credential_envelope(), cast.STATEMENT_KEYS[cast.REQUESTER]),
        "roster": _envelope(cast.roster_envelope(), *cast.AUTHORITIES[:2]),
        "answer": _envelope(_answer(), cast.STATEMENT_KEYS[cast.NODE]),
        "refusal": _envelope(_sealed_by_node(refusal()), cast.STATEMENT_KEYS[cast.NODE]),
        "result": _envelope(seal(result(), _coordinator()), _coordinator()),
        "entry": {name: _entry(entry) for name, entry in entries.items()},
        "receipt": _receipt([encode_entry(entry) for entry in entries.values()]),
        "evidence": evidence,
    }


def committed(name: str) -> Any:
    """A vector as it lies beside this file."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def hex_of(name: str, found: dict[str, Any]) -> str:
    """The hex of `vector.field`, as the pages name it."""
    value: Any = found
    for part in name.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return str(value)


def filled(page: str, find: Callable[[str], str]) -> str:
    """A page with the bytes of every example filled in, 32 to a line."""

    def block(match: re.Match[str]) -> str:
        lines = re.findall(".{1,64}", find(match["name"]))
        return "\n".join((f"```hex {match['name']}", *lines, "```"))

    return BLOCK.sub(block, page)


def _query() -> Envelope:
    return cast.countersigned(cast.signed_query())


def _answer() -> Envelope:
    return _sealed_by_node(answer())


def _sealed_by_node(reply: Answer | Refusal) -> Envelope:
    return seal(reply, cast.STATEMENT_KEYS[cast.NODE])


def _coordinator() -> SigningKey:
    return cast.STATEMENT_KEYS[cast.COORDINATOR]


def _envelope(envelope: Envelope, *signers: SigningKey) -> dict[str, Any]:
    message = _MESSAGES[STATEMENTS[envelope.payload_type].__name__].FromString(envelope.payload)
    return {
        "payload_type": envelope.payload_type,
        "fields": MessageToDict(message, preserving_proto_field_name=True),
        "payload": envelope.payload.hex(),
        "signing_input": envelope.signing_input.hex(),
        "statement_digest": envelope.statement_digest.hex(),
        "signatures": [
            {"public_key": signer.public.spki.hex(), "key_id": signature.key_id, "sig": signature.sig.hex()}
            for signer, signature in zip(signers, envelope.signatures, strict=True)
        ],
        "envelope": encode_envelope(envelope).hex(),
    }


def _entries(evidence: dict[str, Any]) -> dict[str, Entry]:
    """The node's log: a policy put in force, a query received, an answer given (with evidence in one group)."""
    query = cast.opener().query(_query(), countersigned=True)
    at = cast.AT - timedelta(hours=1)
    changed = hashlib.sha256(b"simpul-policy-v1\n" + micros(at).to_bytes(8, "big") + _POLICY).digest()

    def with_evidence(entry: Entry, place: int) -> Entry:
        return replace(
            entry,
            evidence_digest=bytes.fromhex(evidence["ciphertexts"][place]["digest"]),
            evidence_group=bytes.fromhex(evidence["group"]),
            wraps_digest=bytes.fromhex(evidence["wraps_digest"]),
        )

    received = query_entry("query_received", query, cast.AT)
    given = query_entry(
        "answer_given",
        query,
        cast.AT + timedelta(seconds=1),
        statement_digest=_answer().statement_digest,
        members=(cast.NODE,),
    )
    return {
        "policy_changed": Entry(
            kind="policy_changed", instant=at, statement_digest=changed, detail=hashlib.sha256(_POLICY).hexdigest()
        ),
        "query_received": with_evidence(received, 0),
        "answer_given": with_evidence(given, 1),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    content = encode_entry(entry)
    return {
        "fields": MessageToDict(entry_pb2.Entry.FromString(content), preserving_proto_field_name=True),
        "entry": content.hex(),
        "leaf_hash": leaf_hash(content).hex(),
        "request": request_digest(entry).hex(),
    }


def _receipt(entries: Sequence[bytes]) -> dict[str, Any]:
    """Proof of the last of three entries."""
    leaves = [leaf_hash(entry) for entry in entries]
    path = (node_hash(leaves[0], leaves[1]),)
    checkpoint = Checkpoint(origin=cast.origin(cast.NODE), size=3, root=fold((*path, leaves[2])))
    signer = NoteSigner(checkpoint.origin, cast.LOG_KEYS[cast.NODE])
    note = sign_checkpoint(checkpoint, signer)
    receipt = Receipt(entry=entries[2], index=2, path=path, checkpoint=note)
    return {
        "log_vkey": signer.verifier.vkey,
        "root": checkpoint.root.hex(),
        "path": [one.hex() for one in path],
        "checkpoint": note.decode(),
        "text": receipt.encode().decode(),
    }


def _evidence(wraps: Sequence[bytes]) -> dict[str, Any]:
    secret, origin = cast.GROUP_SECRET, cast.origin(cast.NODE)
    group = group_id(secret, origin.encode())
    wrapped = [_wrap(place, wraps, secret, origin, group) for place in range(2)]
    rows = [(one["recipient"], one["key_id"], bytes.fromhex(one["wrap_sha256"])) for one in wrapped]
    return {
        "origin": origin,
        "group_secret": secret.hex(),
        "group": group.hex(),
        "ciphertexts": [_ciphertext(encode_envelope(e), secret, origin, group) for e in (_query(), _answer())],
        "wraps": wrapped,
        "wraps_digest": wraps_digest(rows).hex(),
    }


def _wrap(place: int, wraps: Sequence[bytes], secret: bytes, origin: str, group: bytes) -> dict[str, Any]:
    recipient = sorted(cast.recipients(), key=lambda one: one.member)[place]
    key = cast.EVIDENCE_KEYS[recipient.member]
    wrap = wraps[place] if wraps else wrap_for(secret, origin.encode(), recipient).wrap
    if unwrap(wrap, key, origin=origin, group=group, recipient=recipient.member) != secret:
        raise ValueError("a committed wrap does not hold the group's secret")
    lp = b"".join(len(part).to_bytes(4, "big") + part for part in (origin.encode(),))
    name = recipient.member.encode()
    info = lp + group + len(name).to_bytes(4, "big") + name + bytes.fromhex(key.public.key_id)
    seed = 65 if recipient.member == cast.NODE else 66
    return {
        "recipient": recipient.member,
        "mlkem_seed": (bytes([seed]) * 64).hex(),
        "x25519_private": (bytes([seed]) * 32).hex(),
        "public_key": key.public.raw.hex(),
        "key_id": key.public.key_id,
        "info": (b"simpul-evidence-key-v1\n" + info).hex(),
        "wrap": wrap.hex(),
        "wrap_sha256": hashlib.sha256(wrap).hexdigest(),
    }


def _ciphertext(envelope: bytes, secret: bytes, origin: str, group: bytes) -> dict[str, Any]:
    """One envelope encrypted with primitives alone, as page 06 says."""
    digest = hashlib.sha256(envelope).digest()
    key = content_key(secret, origin.encode(), digest)
    framed = len(envelope).to_bytes(4, "big") + envelope
    padded = framed + bytes(-len(framed) % 512)
    associated = b"simpul-evidence-v1\n" + len(origin).to_bytes(4, "big") + origin.encode() + group + digest
    ct = AESGCM(key).encrypt(bytes(12), padded, associated)
    return {
        "envelope": envelope.hex(),
        "envelope_sha256": digest.hex(),
        "key": key.hex(),
        "associated": associated.hex(),
        "ciphertext": ct.hex(),
        "digest": hashlib.sha256(ct).hexdigest(),
    }


def main() -> None:
    """Write every vector, and the bytes of every example in the pages; committed wraps stay."""
    kept = FOLDER / "evidence.json"
    wraps = [bytes.fromhex(one["wrap"]) for one in json.loads(kept.read_text())["wraps"]] if kept.exists() else []
    found = vectors(wraps)
    for name, vector in found.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(vector, indent=1, ensure_ascii=False) + "\n")
    for path in SPEC.glob("*.md"):
        path.write_text(filled(path.read_text(), lambda name: hex_of(name, found)))


if __name__ == "__main__":
    main()
