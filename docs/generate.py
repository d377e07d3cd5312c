"""Write the pages that follow from the code, or check that they do.

python -m docs.generate            write SQL of accounts, dashboards, and the pages' marked blocks
python -m docs.generate --check    exit 1 and name the pages that are stale
"""

import argparse
import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.dialects import mysql, sqlite

from deploy import accounts, chart
from deploy.grafana import alerts, dashboards
from rows.sources import source_of
from schema import column_sources
from schema.gitlab_column_sources import GITLAB_SOURCES
from schema.tables.ci import keys, metadata
from schema.tables.main_views import (
    COLUMNS_OF_MAIN_NOW,
    COLUMNS_OF_MAIN_RED,
    MAIN_NOW,
    MAIN_RED,
)
from schema.tables.views import (
    COLUMNS_OF_DAILY,
    COLUMNS_OF_ERRORS,
    DAILY,
    ERRORS,
)
from sqlauthenticator import INTERNAL

TOP = Path(__file__).resolve().parent.parent
HELP = re.compile(r"(```text\n\$ python3 (\S+\.py) --help\n)(.*?)(```)", re.DOTALL)
BLOCK = re.compile(r"(<!-- made by `make docs`: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
EXAMPLE = re.compile(r"# ([A-Z_]+)=(.*)")
ROOMS = (
    "config engines runtime rows schema store alerts listener backfill dashboard feedrunner lake"
).split()
BESIDE = "fakegithub demo deploy benchmarks tests".split()
NARROW = {"COLUMNS": "96", "NO_COLOR": "1", "TERM": "dumb"}


def fields_block() -> str:
    """Return the tables and their columns."""
    said = "A view over `failures`: a row for each error, by its fingerprint"
    daily = "A view over `workflowruns`: a row for each day, workflow and event of a repository"
    red = (
        "A view over `workflowruns`: a row for each workflow that is red on the default branch now"
    )
    now = (
        "A view over `workflowruns`: of each workflow in use, its newest run on the default branch"
        " that ended well or failed"
    )
    views = (
        view_section(ERRORS, said, COLUMNS_OF_ERRORS),
        view_section(DAILY, daily, COLUMNS_OF_DAILY),
        view_section(MAIN_NOW, now, COLUMNS_OF_MAIN_NOW),
        view_section(MAIN_RED, red, COLUMNS_OF_MAIN_RED),
    )
    return "\n".join([*map(table_section, metadata.tables.values()), *views])


def gitlab_fields_block() -> str:
    """Return where GitLab says what columns hold."""
    rows = [
        f"| {table}.{column} | {paths.webhook} | {paths.rest} |"
        for table, columns in GITLAB_SOURCES.items()
        for column, paths in columns.items()
    ]
    return "\n".join(["| column | webhook | REST |", "|---|---|---|", *rows]) + "\n"


def table_section(table: Any) -> str:
    """Return one table's part of the page."""
    internal = " *Internal: Runledger's own business.*" if table.name in INTERNAL else ""
    rows = [
        f"## {table.name}\n\n{table.comment}. Unique: {', '.join(keys(table))}.{internal}\n",
        "| column | type (MySQL / SQLite) | kind | meaning | webhook | REST |",
        "|---|---|---|---|---|---|",
    ]
    for column in table.columns:
        webhook, rest = column_sources.source_of(table.name, column.name)
        cells = (column.name, types_of(column), column.info["kind"], column.comment, webhook, rest)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*rows, ""])


def view_section(name: str, said: str, columns: Mapping[str, tuple[str, str]]) -> str:
    """Return the part of a view, of each column what it means."""
    lines = [f"| {column} | {meaning} |" for column, (_, meaning) in columns.items()]
    return "\n".join([f"## {name}\n\n{said}.\n", "| column | meaning |", "|---|---|", *lines, ""])


def types_of(column: Any) -> str:
    """Return a column's types without character sets."""
    dialects: tuple[Any, ...] = (mysql.dialect(is_mariadb=False), sqlite.dialect())
    texts = [str(column.type.compile(dialect=one)) for one in dialects]
    return " / ".join(re.sub(r" (CHARACTER SET|COLLATE) \w+", "", one) for one in texts)


def events_block() -> str:
    """Return GitHub's events and what rows they bring."""
    return events_of("github")


def gitlab_events_block() -> str:
    """Return GitLab's."""
    return events_of("gitlab")


def events_of(vendor: str) -> str:
    """Return a vendor's events and what rows they bring."""
    lines = [f"| `{name}` | {rows} |" for name, rows in source_of(vendor).events.items()]
    return "\n".join(["| event | rows |", "|---|---|", *lines]) + "\n"


def with_blocks(page: str) -> str:
    """Return a page whose `--help` texts and marked blocks are as the code has them."""
    page = HELP.sub(lambda block: block[1] + help_of(block[2]) + block[4], page)
    return BLOCK.sub(lambda block: block[1] + BLOCKS[block[2]]() + block[4], page)


def help_of(door: str) -> str:
    """Return what a door prints for --help."""
    command = [sys.executable, door, "--help"]
    environment = {**os.environ, **NARROW}
    return subprocess.run(  # noqa: S603 - our own doors, named in our own pages
        command, cwd=TOP, env=environment, capture_output=True, text=True, check=True
    ).stdout


def settings_block() -> str:
    """Return the settings as .env.example explains them: their values, and what they are for."""
    rows = ["| in the environment, or in `.env` | |\n|---|---|"]
    _, *paragraphs = (TOP / ".env.example").read_text("utf-8").strip().split("\n\n")
    for paragraph in paragraphs:
        lines = paragraph.splitlines()
        values = [f"`{line[2:]}`" for line in lines if EXAMPLE.fullmatch(line)]
        words = [line[2:] for line in lines if not EXAMPLE.fullmatch(line)]
        rows.append(f"| {'<br>'.join(values)} | {' '.join(words)} |")
    return "\n".join(rows) + "\n"


def tree_block() -> str:
    """Return the packages, with the first line of what each says of itself."""
    lines = [line for room in (*ROOMS, *BESIDE) for line in tree_lines(TOP / room)]
    width = max(len(name) for name, _ in lines)
    return "```\n" + "".join(f"{name:{width}}  {text}\n" for name, text in lines) + "```\n"


def tree_lines(package: Path, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield a package and those in it, indented; tests' own are not listed."""
    module = ast.parse((package / "__init__.py").read_text("utf-8"))
    text = (ast.get_docstring(module) or "").partition("\n")[0].removesuffix(".")
    yield f"{'  ' * depth}{package.name}/", text
    if package.name not in BESIDE:
        for inner in sorted(package.glob("*/__init__.py")):
            yield from tree_lines(inner.parent, depth + 1)


BLOCKS = {
    "events": events_block,
    "gitlab_events": gitlab_events_block,
    "gitlab_fields": gitlab_fields_block,
    "fields": fields_block,
    "settings": settings_block,
    "tree": tree_block,
}


def pages() -> dict[Path, str]:
    """Return every generated page with its text."""
    texts = accounts.files() | dashboards.files() | alerts.files() | chart.files()
    for path in (TOP / "README.md", TOP / "CONTRIBUTING.md", *(TOP / "docs").glob("*.md")):
        texts[path] = with_blocks(path.read_text("utf-8"))
    return texts


def main(argv: list[str] | None = None) -> int:
    """Write the pages, or with --check name the stale ones and return 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args(argv).check
    stale = {
        path: text
        for path, text in pages().items()
        if not path.exists() or path.read_text("utf-8") != text
    }
    for path, text in stale.items():
        if check:
            print(f"{path.relative_to(TOP)} is stale: run make docs", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
