"""The node's tables: its migrations, and the schema in which the match index is built."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import sql

from federation.serving.member import role_of
from federation.serving.migrating import migrate_member
from node.serve import NODE_MIGRATIONS

_INDEX_SCHEMA: Final = sql.Identifier("simpul_index")


def migrate_node(owner_dsn: str, log_dsn: str, index_dsn: str) -> None:
    """Bring the node's tables up to date, and let the role of `index_dsn` build its index in a schema of its own."""
    migrate_member(owner_dsn, log_dsn, (NODE_MIGRATIONS,))
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(_INDEX_SCHEMA))
        role = sql.Identifier(role_of(index_dsn))
        connection.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA {} TO {}").format(_INDEX_SCHEMA, role))
