"""A record as the match index keeps it: its form and fields encoded, its keys, and a digest of the row it came from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

import msgspec

from matching.blocking import key_values
from matching.form import Form, encode, prepare
from node.records.reading import SourceRecord, SourceRow
from node.records.shape import RecordMapping
from node.records.state import Keeps, token_digest

_ENCODER: Final = msgspec.msgpack.Encoder()
_MIN_BEARERS: Final = 2  # a token borne once says no more than an unseen one, and would name its bearer


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """What is written of one record."""

    type: str
    reference: str
    known_by: bytes
    digest: bytes
    as_of: datetime | None
    form: Form
    encoded_form: bytes
    encoded_fields: bytes

    @classmethod
    def of(cls, record: SourceRecord, digest: bytes, secret: bytes, keys: tuple[str, ...] | None = None) -> Indexed:
        """A record, and the digest of the row that it was read from.

        With `keys`, the texts of its key columns, these are all that is kept of it beside digests: no form, no field.
        """
        form = prepare(record.person)
        return cls(
            type=record.type,
            reference=record.key,
            known_by=reference_digest(record.type, record.key, secret),
            digest=digest,
            as_of=record.as_of,
            form=form,
            encoded_form=encode(form) if keys is None else b"",
            encoded_fields=encode_fields(record.fields) if keys is None else _ENCODER.encode(keys),
        )

    def keys(self, secret: bytes) -> tuple[int, ...]:
        """Under which the record is filed."""
        return key_values(self.form, secret)


def encode_fields(fields: Mapping[str, tuple[str, ...]]) -> bytes:
    """The values that disclosure may give, by field, as the index keeps them."""
    return _ENCODER.encode(fields)


def key_texts(record: RecordMapping, row: SourceRow, keeps: Keeps) -> tuple[str, ...] | None:
    """The texts of a row's key columns, by which it is read again where an index keeps keys alone; else None."""
    if keeps == "values":
        return None
    values = dict(zip(dict.fromkeys(record.keys), row.values, strict=False))  # a row begins with its key columns
    return tuple(str(values[key]) for key in record.keys)


def key_texts_of(encoded: bytes) -> tuple[str, ...]:
    """The texts of key columns as an index that keeps keys alone has them in the place of fields."""
    return msgspec.msgpack.decode(encoded, type=tuple[str, ...])


def mapping_digest(record: RecordMapping, zone: str) -> bytes:
    """By which an index tells whether rows were read as they would be now; how often is not in it."""
    read = msgspec.structs.replace(record, refresh="", changed=(), overlap=0, compare_s=0)
    return hashlib.sha256(zone.encode() + msgspec.json.encode(read, enc_hook=str)).digest()


def row_digest(values: tuple[object, ...], mapping: bytes, secret: bytes) -> bytes:
    """By which a row is known not to have changed: 128 bits under the node's secret, so that it tells nothing else."""
    return blake2b(
        repr(values).encode("utf-8", "surrogatepass"), digest_size=16, key=secret, salt=mapping[:16]
    ).digest()


def reference_digest(record_type: str, reference: str, secret: bytes) -> bytes:
    """By which a record is found by its reference, which may be longer than any index could hold."""
    return blake2b(f"{record_type}/{reference}".encode(), digest_size=16, key=secret).digest()


def count_tokens(forms: Iterable[Form], counted: Counter[str]) -> None:
    """Count, for each token of a name, the records that bear it."""
    for form in forms:
        counted.update({token for name in form.names for token in name.tokens})


def shares(counted: Counter[str], records: int, secret: bytes) -> list[tuple[int, float]]:
    """The share of records that bear each token, by its digest; of tokens that two or more records share."""
    return [
        (token_digest(token, secret), bearers / records)
        for token, bearers in counted.items()
        if bearers >= _MIN_BEARERS
    ]
