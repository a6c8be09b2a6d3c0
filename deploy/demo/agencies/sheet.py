"""The rows that one agency writes down, table by table, and which of its records are of which person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deploy.demo.agencies.noise import Noise
from deploy.demo.population.individual import Individual

Value = object


class Sheet:
    """Rows waiting to be copied into an agency's tables, and the keys of the records they make."""

    def __init__(self, tables: Mapping[str, tuple[str, ...]]) -> None:
        self.tables: dict[str, list[tuple[Value, ...]]] = {table: [] for table in tables}
        self.keys: list[str] = []
        self._known: set[str] = set()

    def once(self, table: str, key: str, row: tuple[Value, ...]) -> None:
        """Add a row that many people share, such as an employer, the first time it is met."""
        if key not in self._known:
            self._known.add(key)
            self.tables[table].append(row)

    def take_keys(self) -> list[str]:
        """Give the keys written since the last call, `record_type/key`, and forget them."""
        keys, self.keys = self.keys, []
        return keys

    def clear(self) -> None:
        """Forget the rows that have been copied."""
        for rows in self.tables.values():
            rows.clear()


@dataclass(frozen=True, slots=True)
class View:
    """How one agency writes people down: its PostgreSQL schema, its tables in order, and the pen."""

    schema: str
    tables: Mapping[str, tuple[str, ...]]
    write: Callable[[Sheet, Individual, Noise], None]
