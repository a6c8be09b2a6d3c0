"""Pages of a log's tables, each by its own primary key, so that a row which nothing names is copied too."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from federation.errors import MalformedStatement
from federation.tlog.log import Log
from federation.v1 import querylog_pb2 as pb

_MAX_PAGE_BYTES: Final = 4 * 1024 * 1024
_HIGHEST: Final = 63  # the level of a tile of the largest tree
_LARGEST: Final = 2**62  # an index or size that a log of ours can have; one more is still a bigint


async def read_page(log: Log, table: int, after: bytes, limit: int) -> pb.QueryLogServiceEntriesResponse:
    """Up to `limit` rows after the key that `after` encodes (b"" for the first page); `next` is empty at the end."""
    reader = _READERS.get(table)
    if reader is None:
        raise MalformedStatement("table must be one of the log's tables", field="table")
    read, start = reader
    rows, keys = await read(log, _key(after, start), limit)
    page = pb.QueryLogServiceEntriesResponse()
    size = 0
    for row, key in zip(rows, keys, strict=True):
        size += row.ByteSize()
        if page.rows and size > _MAX_PAGE_BYTES:
            break
        page.rows.append(row)
        page.next = _token(key)
    if len(page.rows) == len(rows) and len(rows) < limit:
        page.next = b""
    return page


def _token(key: list[Any]) -> bytes:
    return json.dumps([part.hex() if isinstance(part, bytes) else part for part in key]).encode()


def _key(token: bytes, start: list[Any]) -> list[Any]:
    if not token:
        return start
    try:
        parts = json.loads(token)
        if not isinstance(parts, list) or len(parts) != len(start):
            raise ValueError
        return [_part(part, model) for part, model in zip(parts, start, strict=True)]
    except (ValueError, RecursionError) as error:
        raise MalformedStatement("after must be what the page before said", field="after") from error


def _part(part: object, model: object) -> object:
    """One column of a key, of the kind that its table holds (ValueError)."""
    if isinstance(model, bytes) and isinstance(part, str):
        return bytes.fromhex(part)
    if isinstance(model, str) and isinstance(part, str) and "\0" not in part:
        return part.encode().decode()  # half of a character is none that a table could hold
    if isinstance(model, int) and type(part) is int and -_LARGEST <= part <= _LARGEST:
        return part
    raise ValueError


_Rows = tuple[list[pb.Row], list[list[Any]]]


async def _entries(log: Log, key: list[Any], limit: int) -> _Rows:
    rows = await log.entries(key[0] + 1, limit)
    found = [pb.Row(entry=pb.EntryRow(index=r.index, entry=r.entry, leaf_hash=r.leaf_hash)) for r in rows]
    return found, [[r.index] for r in rows]


async def _tiles(log: Log, key: list[Any], limit: int) -> _Rows:
    rows = await log.tiles((min(key[0], _HIGHEST), key[1]), limit)
    return [pb.Row(tile=pb.TileRow(level=r.level, n=r.n, hashes=r.hashes)) for r in rows], [
        [r.level, r.n] for r in rows
    ]


async def _checkpoints(log: Log, key: list[Any], limit: int) -> _Rows:
    rows = await log.checkpoints(key[0], limit)
    return [pb.Row(checkpoint=pb.CheckpointRow(size=r.size, note=r.note)) for r in rows], [[r.size] for r in rows]


async def _evidence(log: Log, key: list[Any], limit: int) -> _Rows:
    rows = await log.evidence(key[0], limit)
    found = [
        pb.Row(
            evidence=pb.EvidenceRow(
                digest=r.digest, group=r.group, envelope_sha256=r.envelope_sha256, ciphertext=r.ct or b""
            )
        )
        for r in rows
    ]
    return found, [[r.digest] for r in rows]


async def _wraps(log: Log, key: list[Any], limit: int) -> _Rows:
    rows = await log.wraps((key[0], key[1], key[2]), limit)
    found = [
        pb.Row(wrap=pb.WrapRow(group=r.group, recipient=r.recipient, key_id=r.key_id, wrap_sha256=r.wrap_sha256))
        for r in rows
    ]
    return found, [[r.group, r.recipient, r.key_id] for r in rows]


async def _receipts(log: Log, key: list[Any], limit: int) -> _Rows:
    rows = await log.receipts((key[0], key[1]), limit)
    found = [
        pb.Row(receipt=pb.ReceiptRow(statement_digest=r.statement_digest, member=r.member, proof=r.proof)) for r in rows
    ]
    return found, [[r.statement_digest, r.member] for r in rows]


_Reader = Callable[[Log, list[Any], int], Awaitable[_Rows]]
_READERS: Final[dict[int, tuple[_Reader, list[Any]]]] = {
    pb.TABLE_ENTRY: (_entries, [-1]),
    pb.TABLE_TILE: (_tiles, [0, -1]),
    pb.TABLE_CHECKPOINT: (_checkpoints, [-1]),
    pb.TABLE_EVIDENCE: (_evidence, [b""]),
    pb.TABLE_WRAP: (_wraps, [b"", "", ""]),
    pb.TABLE_RECEIPT: (_receipts, [b"", ""]),
}
