"""`python -m demo.cookbook`: write the results of both pages anew, over a made-up month.

Those of docs/cookbook.md are the store's, those of docs/lake-questions.md its lake's.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from config.lake_place import read_lake
from demo import month
from engines import connect, connect_reader
from lake.catalog import open_lake
from lake.read_only import LakeConnection, open_reader
from lake.sync import Store, sync_all
from schema import migrate
from sqlauthenticator import connector
from store.write import renames

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, PAGE_OF_LAKE = DOCS / "cookbook.md", DOCS / "lake-questions.md"
START = datetime(2026, 3, 1, 6, tzinfo=UTC)
"""When the demo's day began for the results on the page."""
RECIPE = re.compile(r"^## ([^\n]*)\n(\n)```sql\n(.*?)```\n\n```text\n(.*?)```\n", re.M | re.S)


def recipes(page: Path = PAGE) -> Iterator[tuple[str, str, str]]:
    """Yield a page's questions, each with its statement and its result."""
    for title, _, statement, result in RECIPE.findall(page.read_text("utf-8")):
        yield title, statement, result


def fill(url: str) -> None:
    """Store the demo's month and day in an empty database."""
    migrate.upgrade(url)
    engine = connect(url)
    month.store(engine, list(month.world_of(START).deliveries()))
    while renames.rewrite(engine):
        pass
    engine.dispose()


def show(connection: Any, statement: str) -> str:
    """Return a statement's result as the page shows it."""
    cursor = connection.execute(statement)
    rows = [[column[0] for column in cursor.description]]
    rows += [[as_text(value) for value in row] for row in cursor.fetchall()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def as_text(value: Any) -> str:
    """Return a value alike for all engines: numbers to a tenth, times to the second."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value + 1e-9:.1f}".removesuffix(".0")
    return "-" if value is None else str(value)


@contextmanager
def make_lake(url: str, folder: Path) -> Iterator[LakeConnection]:
    """Give a connection that reads a new lake of the store."""
    catalog, data = f"sqlite:{folder}/lake/catalog.sqlite", f"{folder}/lake/files"
    place = read_lake({"LAKE_CATALOG": catalog, "LAKE_DATA": data}, folder)
    store = Store(connect(url), connect_reader(url, read_seconds=60.0))
    with closing(open_lake(place, make=True)) as lake:
        sync_all(store, lake)
    store.writer.dispose()
    store.reader.dispose()
    with open_reader(place) as reader:
        yield reader


def write(page: Path, connection: Any) -> None:
    """Write the results into a page."""
    text = RECIPE.sub(
        lambda one: (
            f"## {one[1]}\n{one[2]}```sql\n{one[3]}```\n\n```text\n{show(connection, one[3])}```\n"
        ),
        page.read_text("utf-8"),
    )
    page.write_text(text, "utf-8")


def main() -> int:
    """Write the pages."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        fill(url)
        with connector(url=url) as connection:
            write(PAGE, connection)
        with make_lake(url, Path(folder)) as lake:
            write(PAGE_OF_LAKE, lake)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
