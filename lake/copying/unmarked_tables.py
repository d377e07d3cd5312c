"""Bring the tables without marks to the store's rows, and read no more of them than may differ.

A small one is read as a whole and compared by its digest. What feeds brought changes by their loads
alone; a delivery counts its changes itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, Table, func, literal, or_, select, union_all

from lake.copying import differences, store_rows, table_copies
from lake.copying.differences import Changed
from lake.lake_tables import MARKED, names
from schema.tables.deliveries import deliveries
from schema.tables.packages import load_history
from schema.tables.reconciler import marks as notes
from schema.tables.rollups import rollspans
from store.feeds.daily import NOTE

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FEW = 10_000
"""Rows of a table that are read one by one."""
OF_FEEDS = frozenset(
    "dependencies licenses packageedges package_urls packages points provides urls user_packages"
    " user_versions users versions".split()
)
"""Tables that loads write, and what follows from loads."""
LOADS = "loads"
"""Among the digests: what tells the loads that there are from those of before."""
MANY = 2000
"""Rows from which on deliveries are read by blocks, and tables of feeds after a load alone."""
BLOCK = 500
"""Ids of deliveries that are counted, and read, together."""
BLOCKS = 20
"""Blocks from which on all are read."""


class StoreRead(NamedTuple):
    """What a sync found in the store: each table's rows, and digests of those it read whole."""

    rows: Mapping[str, int] = {}
    digests: Mapping[str, str] = {}


def copy_unmarked(
    lake: "DuckDBPyConnection",
    reader: Connection,
    wanted: Sequence[Table],
    last: StoreRead | None,
    folder: Path,
    *,
    full: bool,
) -> tuple[Changed, StoreRead]:
    """Bring tables to the store's rows, those of a new lake where `last` is None.

    `full` compares every row, with marks or without.
    """
    known = last or StoreRead()
    rows, digests, changed = count_rows(reader, wanted), dict(known.digests), Changed()
    due = {one.name for one in wanted if rows[one.name] or (last and known.rows.get(one.name) != 0)}
    digests[LOADS] = digest_of_loads(reader)
    if not full and digests[LOADS] and digests[LOADS] == known.digests.get(LOADS):
        due -= {name for name in OF_FEEDS if MANY < rows[name] == known.rows.get(name)}
    if not full and rows[deliveries.name] > MANY:
        blocks = list_blocks(lake, reader)
        if len(blocks) < BLOCKS:
            due.discard(deliveries.name)
        if len(blocks) < BLOCKS and blocks:
            changed += copy_blocks(lake, reader, blocks)
            held = f"SELECT {names(deliveries)} FROM deliveries"
            digests[deliveries.name] = differences.digest(lake, deliveries, held)
    chosen = [one for one in wanted if one.name in due]
    # Spans are never newer than this moment: they say which roll-ups the lake has.
    large = {one: rows[one.name] for one in chosen if rows[one.name] > FEW and one is not rollspans}
    new = [one for one in large if last is None or not holds_rows(lake, one)]
    places = table_copies.places_in_lake(lake, new) if new else {}
    copies = table_copies.copy_tables(reader, large, folder, places)
    for table in chosen:
        copy = copies.get(table.name)
        query = copy and copy.query
        if query is None and rows[table.name] <= FEW and table.name not in MARKED:
            query = stage_if_other(lake, reader, table, digests, full=full)
            if query is None:
                continue
        elif query is None:
            query = store_rows.stage(lake, reader, table, [store_rows.select_rows(table)])
        if table.name not in MARKED:
            digests[table.name] = differences.digest(lake, table, query)
            if not full and digests[table.name] == known.digests.get(table.name):
                continue
        if copy and table.name in places:
            changed += table_copies.take_over(lake, table, copy)
        elif last is None or not holds_rows(lake, table):
            changed += differences.fill(lake, table, query)
        else:
            changed += differences.replace(lake, table, query, differences.ALL)
    return changed, StoreRead({**known.rows, **rows}, digests)


def stage_if_other(
    lake: "DuckDBPyConnection",
    reader: Connection,
    table: Table,
    digests: dict[str, str],
    *,
    full: bool,
) -> str | None:
    """Hand a small table over, where its rows are not those of the last sync by their text.

    Python tells that sooner than DuckDB is given them; `digests` learns of it.
    """
    query = store_rows.select_rows(table).order_by(table.c.Id)
    pages = list(store_rows.pages(reader, query))
    text = sha256(repr([[tuple(row) for row in page] for page in pages]).encode()).hexdigest()
    name = f"{table.name} as it was read"
    if digests.get(name) == text and not full:
        return None
    digests[name] = text
    return store_rows.stage_pages(lake, table, pages)


def holds_rows(lake: "DuckDBPyConnection", table: Table) -> bool:
    """Tell whether a table of the lake has rows."""
    return lake.execute(f'SELECT 1 FROM "{table.name}" LIMIT 1').fetchone() is not None


def count_rows(reader: Connection, wanted: Iterable[Table]) -> dict[str, int]:
    """Return how many rows tables of the store have."""
    counts = [select(literal(one.name), func.count()).select_from(one) for one in wanted]
    rows = reader.execute(union_all(*counts)) if counts else ()
    return {name: number for name, number in rows}


def digest_of_loads(reader: Connection) -> str:
    """Return what tells the loads from earlier ones; empty while one runs.

    Scores and proofs that follow once a day are noted when they have been written.
    """
    c, note = load_history.c, notes.c
    if reader.scalar(select(c.Id).where(c.state == "running").limit(1)):
        return ""
    ended = reader.execute(select(func.count(), func.max(c.Id), func.max(c.endtime))).one()
    followed = reader.execute(
        select(func.count(), func.max(note.time)).where(note.name == NOTE)
    ).one()
    return " ".join(map(str, (*ended, *followed)))


def list_blocks(lake: "DuckDBPyConnection", reader: Connection) -> list[int]:
    """Return the blocks of deliveries that differ: each change of one raises its `attempts`."""
    c = deliveries.c
    block = (c.Id - c.Id % BLOCK) / BLOCK
    query = select(block, func.count(), func.sum(c.Id), func.sum(c.attempts)).group_by(block)
    theirs = {tuple(map(int, row)) for row in reader.execute(query)}
    ours = lake.execute(
        f'SELECT "Id" // {BLOCK}, count(*), sum("Id"), sum(attempts) FROM deliveries GROUP BY 1'
    ).fetchall()
    return sorted({row[0] for row in theirs ^ set(ours)})


def copy_blocks(lake: "DuckDBPyConnection", reader: Connection, blocks: Sequence[int]) -> Changed:
    """Bring blocks of deliveries to the store's rows."""
    c = deliveries.c
    of_blocks = or_(*(c.Id.between(one * BLOCK, (one + 1) * BLOCK - 1) for one in blocks))
    rows = store_rows.select_rows(deliveries).where(of_blocks)
    query = store_rows.stage(lake, reader, deliveries, [rows])
    scope = f'l."Id" // {BLOCK} IN ({", ".join(map(str, blocks))})'
    return differences.replace(lake, deliveries, query, scope)
