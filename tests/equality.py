"""When two stores are equal: the one definition, used by every test that says so (design 3).

All columns but Id, version and a delivery's times and attempts, `repoid` replaced by the
repository's key and bodies as they came, compared as multisets. Rows that still wait for their
repository's new name are given it first: which of them a reader sees with the old one is a matter
of time, not of content.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Engine, Table, select, update

from engines import reading
from schema.tables.ci import metadata, repos
from schema.tables.deliveries import rewrites
from store.write import renames

Row = tuple[tuple[str, object], ...]
Contents = dict[str, Counter[Row]]

COMPARED = (
    "repos",
    "repoaliases",
    "branches",
    "commits",
    "workflows",
    "workflowruns",
    "runattempts",
    "jobs",
    "deliveries",
)
LEFT_OUT = {"Id", "version"}
OF_A_DELIVERY = {"receivetime", "applytime", "attempts", "bodyhash"}
"""The last is not known of what an older release stored, and the bodies are compared."""
LONG_AGO = datetime(2000, 1, 1)


def contents(engine: Engine, *, versions: bool = False) -> Contents:
    """Return all rows by table, each a tuple of (column, value); `versions` includes those."""
    finish_rewrites(engine)
    left_out = LEFT_OUT - {"version"} if versions else LEFT_OUT
    with reading(engine).connect() as connection:
        found = connection.execute(select(repos.c.Id, repos.c.provider, repos.c.gitid))
        keys: dict[object, object] = {
            number: (provider, gitid) for number, provider, gitid in found
        }
        stored: Contents = {}
        for name in COMPARED:
            columns = compared(metadata.tables[name], left_out)
            rows = connection.execute(select(*(metadata.tables[name].c[one] for one in columns)))
            stored[name] = Counter(
                tuple(
                    (column, READ.get(column, same)(keys, value))
                    for column, value in zip(columns, row, strict=True)
                )
                for row in rows
            )
    return stored


def same(keys: Mapping[object, object], value: object) -> object:
    return value


def repository(keys: Mapping[object, object], value: object) -> object:
    return keys.get(value, value)


def as_received(keys: Mapping[object, object], value: object) -> object:
    """Return a body, or its first part: what it was compressed with does not count."""
    return zlib.decompressobj().decompress(value) if isinstance(value, bytes) else value


READ = {"repoid": repository, "body": as_received}


def compared(table: Table, left_out: set[str]) -> list[str]:
    """Return the names of the columns that count."""
    ignored = left_out | (OF_A_DELIVERY if table.name == "deliveries" else set())
    return [column.name for column in table.columns if column.name not in ignored]


def finish_rewrites(engine: Engine) -> None:
    """Tell all rows their repository's name, in one pass that is due at once.

    The second pass and the pause before it are for transactions that have not ended; nobody
    writes while contents are compared.
    """
    with engine.begin() as connection:
        connection.execute(update(rewrites).values(position=0, passes=1, duetime=LONG_AGO))
    while renames.rewrite(engine):
        pass


def written(rows: Mapping[str, Iterable[Mapping[str, object]]]) -> Contents:
    """Return rows written by hand as `contents` gives them: a column that is not named is NULL.

    The provider is `github` and a flag that cannot be NULL is false where nothing else is said.
    Deliveries are not among them.
    """
    expected: Contents = {}
    for name in COMPARED[:-1]:
        columns = compared(metadata.tables[name], LEFT_OUT)
        usual = {"provider": "github", "inherited": False, "gated": False}
        for row in rows.get(name, ()):
            assert row.keys() <= set(columns), f"{name} has no {row.keys() - set(columns)}"
        expected[name] = Counter(
            tuple((column, row.get(column, usual.get(column))) for column in columns)
            for row in rows.get(name, ())
        )
    return expected


def check_equal(found: Contents, wanted: Contents) -> None:
    """Fail with a line for each row that only one side has; tables not in `wanted` do not count."""
    lines = []
    for name in wanted:
        for row in (found[name] - wanted[name]).elements():
            lines.append(f"{name}: not wanted {shown(row)}")
        for row in (wanted[name] - found[name]).elements():
            lines.append(f"{name}: missing    {shown(row)}")
    if lines:
        raise AssertionError("\n".join(sorted(lines)))


def shown(row: Row) -> str:
    """Return the columns that say something."""
    return ", ".join(f"{column}={value}" for column, value in row if value is not None)
