"""`python -m demo.cookbook`: write the results into docs/cookbook.md anew, over a made-up month."""

import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from demo import month
from engines import connect
from schema import migrate
from sqlauthenticator import connector
from store.write import renames

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cookbook.md"
START = datetime(2026, 3, 1, 6, tzinfo=UTC)
"""When the demo's day began for the results on the page."""
RECIPE = re.compile(r"^## ([^\n]*)\n(\n)```sql\n(.*?)```\n\n```text\n(.*?)```\n", re.M | re.S)


def recipes() -> Iterator[tuple[str, str, str]]:
    """Yield the page's questions, each with its statement and its result."""
    for title, _, statement, result in RECIPE.findall(PAGE.read_text("utf-8")):
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


def main() -> int:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        fill(url)
        with connector(url=url) as connection:
            page = RECIPE.sub(
                lambda one: (
                    f"## {one[1]}\n{one[2]}```sql\n{one[3]}```\n\n"
                    f"```text\n{show(connection, one[3])}```\n"
                ),
                PAGE.read_text("utf-8"),
            )
    PAGE.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
