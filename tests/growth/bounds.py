"""What each table and file of an installation may come to, by what has come so far."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Engine, func, select

from schema.tables.columns import metadata
from store import apply
from store.write.version_cache import SIZE
from tests.growth.year import CYCLE, Load, Year

LOG = 16_000_000
"""Of SQLite's logs once no reader needs them: the store's and the spool's are cut to this."""
PAGE = 4096 + 24


class Bound(NamedTuple):
    """What something grows with, and the most it may be: rows, bytes, or entries."""

    grows: str
    most: Callable[[Load], float]


RUNS = Bound("runs", lambda load: load.runs)
REPOS = Bound("repositories", lambda _: 1)
DAYS = Bound("days", lambda load: load.days + 2)

LAKE = ("lakes", "lakeruns", "lakerepos", "lakecommits")

TABLES = {
    "repos": REPOS,
    "repoaliases": Bound("names of repositories", lambda _: 1),
    "branches": Bound("branches", lambda _: 1),
    "branchmoves": Bound("branches: their two newest seconds", lambda _: 8),
    "commits": Bound("pushes", lambda load: load.pushes + 1),
    "workflows": Bound("workflows", lambda _: 1),
    "workflowruns": RUNS,
    "runattempts": RUNS,
    "jobs": RUNS,
    "failures": Bound("failed jobs, 10 messages each", lambda load: 10 * load.failed),
    "errorissues": Bound("errors that have issues", lambda load: load.failed),
    "acknowledgements": Bound("what people write of errors by hand", lambda _: 0),
    "redperiods": Bound("90 days of workflows that turned red", lambda load: load.runs),
    "alerts": Bound("6 for each of them and turn", lambda load: 12 * load.runs),
    "formerfingerprints": Bound("errors: 1 for each revision", lambda load: load.failed),
    "jobversions": Bound("first failures: 5,000 of two logs", lambda load: 10_000 * load.failed),
    "versionreads": Bound("first failures: 2", lambda load: 2 * load.failed),
    "commitranges": Bound("first failures: 2", lambda load: 2 * load.failed),
    "rangecommits": Bound("first failures: 100 of two pairs", lambda load: 200 * load.failed),
    "tagpushes": Bound("pushes of tags", lambda load: load.pushes),
    **{
        name: Bound("what feeds bring", lambda _: 16)
        for name in (
            "sources package_managers url_types depends_on_types licenses packages versions "
            "dependencies provides packageedges urls package_urls packagerepos users user_packages "
            "user_versions load_history feedstates points"
        ).split()
    },
    **{name: Bound("a lake, of which there is none", lambda _: 0) for name in LAKE},
    "deliveries": Bound(
        "DELIVERY_RETENTION_DAYS, and what is quarantined",
        lambda load: load.kept + load.quarantined,
    ),
    "deliveryparts": Bound("long deliveries that are kept", lambda _: 0),
    "rewrites": Bound("renames that go on", lambda _: 0),
    "leases": Bound("kinds of work", lambda _: 4),
    "marks": Bound("repositories and hooks", lambda _: 12),
    "health": Bound("repositories and hooks", lambda _: 12),
    "rereads": Bound("runs that never end", lambda load: load.open + 1),
    "audits": Bound(
        "7 days of verdicts; those that found something 90 days", lambda _: 90 // CYCLE + 2
    ),
    "windows": Bound("runs: 1 for 50", lambda load: load.runs / 50 + 3),
    "runreads": RUNS,
    "etags": Bound("runs: 1 for 50; open runs: 2", lambda load: load.runs / 50 + 2 * load.open + 8),
    "commitwalks": Bound("repositories", lambda _: 2),
    "dirtyruns": Bound("runs that changed just now", lambda _: 0),
    "rollspans": Bound("days: 2 for each", lambda load: 2 * load.days + 8),
    "rollups": Bound("days: 1 for each repository, 1 for all", lambda load: 2 * load.days + 4),
    "rollnights": Bound("nights, for each repository", lambda load: 3 * load.days + 4),
    "rollflakedays": Bound("days: 1", lambda load: load.days + 2),
    "rollparts": Bound(
        "days: 1 for each name of a workflow and of a job, 4 branches, each repository",
        lambda load: 5 * load.days + 8,
    ),
    "rollflakes": Bound("nothing: written no longer", lambda _: 0),
}
"""Rows."""


def store_bytes(load: Load) -> float:
    """Return the bytes of a database: what is kept is compressed, and free pages are used again."""
    return 4e6 + 8e3 * load.kept + 12e3 * load.runs + 4e3 * load.days


FILES = {
    "store": Bound("runs (12 KB), deliveries that are kept (8 KB), days (4 KB)", store_bytes),
    "log": Bound("nothing: 16 MB, beside a commit", lambda _: LOG + 1000 * PAGE),
    "log's index": Bound("nothing: 1/256 of the log", lambda _: LOG / 200 + 65_536),
    "spool": Bound("nothing, once it is drained", lambda _: 200_000),
    "spool's log": Bound("nothing: 16 MB", lambda _: LOG),
    "locks and counts": Bound("nothing", lambda _: 10_000),
    "log lines": Bound(
        "deliveries: 400 bytes each; cycles: 1,000",
        lambda load: 400 * sum(load.received) + 1000 * load.cycles + 10_000,
    ),
    "rows that are remembered": Bound("repositories, branches, workflows: 10,000", lambda _: SIZE),
}
"""Bytes; the last entries in memory."""

ENDS = {
    "spool.db": "spool",
    "spool.db-wal": "spool's log",
    "-wal": "log",
    "-shm": "log's index",
    ".db": "store",
}


def kind_of_file(name: str) -> str:
    """Return as what a file is bounded."""
    return next((kind for end, kind in ENDS.items() if name.endswith(end)), "locks and counts")


def measure(year: Year, folder: Path) -> dict[str, int]:
    """Return the rows of each table and the bytes of each kind of file."""
    engine, sizes = year.here.engine, dict.fromkeys(FILES, 0)
    with engine.connect() as connection:
        for name, table in metadata.tables.items():
            count = connection.execute(select(func.count()).select_from(table)).scalar_one()
            sizes[name] = int(count)
    for file in folder.rglob("*"):
        if file.is_file():
            sizes[kind_of_file(file.name)] += file.stat().st_size
    if engine.url.get_backend_name() != "sqlite":
        sizes["store"] = bytes_at_server(engine)
    sizes["log lines"] = len(year.here.said.getvalue())
    sizes["rows that are remembered"] = sum(len(one.entries) for one in apply.CACHES.values())
    return sizes


MYSQL_SIZE = (
    "SELECT sum(data_length + index_length) FROM information_schema.tables"
    " WHERE table_schema = database()"
)
SIZES = {
    "postgresql": "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = CAST('public' AS regnamespace)"
}


def bytes_at_server(engine: Engine) -> int:
    """Return what a server's tables and indexes hold."""
    query = SIZES.get(engine.dialect.name, MYSQL_SIZE)
    with engine.connect() as connection:
        return int(connection.execute(sa.text(query)).scalar_one())


def list_exceeded(sizes: dict[str, int], load: Load) -> list[str]:
    """Return what is beyond its bound."""
    bounds = {**TABLES, **FILES}
    return [
        f"{name}: {size:,} > {bounds[name].most(load):,.0f} after {load.days} days"
        for name, size in sizes.items()
        if size > bounds[name].most(load)
    ]
