"""How long each migration takes over a store that is full.

`python -m benchmarks.big_store.migrations --url URL` brings a store up to date, a migration at a
time: one that `benchmarks.big_store.server_copy --revision 0001` filled.
"""

import argparse
import sys
import time
from collections.abc import Sequence

import sqlalchemy as sa

from schema import migrate
from store.copying.table_copy import tables


def main(argv: Sequence[str] | None = None) -> int:
    """Print each migration's time, and that of making the views."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    url = parser.parse_args(argv).url
    for revision in reversed(migrate.known_revisions()):
        began = time.monotonic()
        migrate.upgrade(url, revision)
        print(f"{revision}: {time.monotonic() - began:.1f} s", flush=True)
    began = time.monotonic()
    migrate.upgrade(url)
    print(f"views: {time.monotonic() - began:.1f} s")
    return 0


def tables_of(connection: sa.Connection) -> list[sa.Table]:
    """Return the tables of a store with the columns that they have there."""
    found = sa.inspect(connection).get_multi_columns()
    there = {name: {one["name"].lower() for one in columns} for (_, name), columns in found.items()}
    connection.rollback()
    return [
        sa.Table(
            table.name,
            sa.MetaData(),
            *(
                sa.Column(one.name, one.type, nullable=one.nullable)
                for one in table.columns
                if one.name.lower() in there[table.name]
            ),
        )
        for table in tables()
        if table.name in there
    ]


if __name__ == "__main__":
    sys.exit(main())
