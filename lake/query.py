"""Ask the lake, and print what it answers: as a table, as CSV, as JSON."""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain
from math import isfinite
from typing import TYPE_CHECKING, Any, TextIO
from zoneinfo import ZoneInfo

from config.lake_place import LakeSettings
from lake.catalog import attachment, endpoint_of, literal
from lake.extensions import is_of_duckdb
from lake.why_failed import without_secrets
from runtime.csv_text import defuse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from lake.read_only import LakeConnection

WIDEST = 60
"""Letters of a value in a table; CSV and JSON have all of it."""
ROWS = 1000
"""Rows that are fetched at once."""

OF_STATEMENT = frozenset(
    f"{kind}Exception"
    for kind in "Parser Binder Catalog Conversion OutOfRange InvalidInput".split()
)
"""Errors of DuckDB's about what was typed."""


class BadQuery(ValueError):
    """What is asked cannot be answered: it is to be asked otherwise."""


class BadMoment(BadQuery):
    """A time that cannot be read, or names no zone."""


def read_moment(text: str) -> datetime:
    """Return a time with its zone: an offset (`+01:00`, `Z`) or a name (`Europe/Amsterdam`).

    Raises BadMoment. DuckLake would take one without for UTC, whatever the session's zone is.
    """
    match = re.fullmatch(r"\s*(\d{4}-\d\d-\d\d(?:[ T][\d:.]+)?)\s*(.*?)\s*", text)
    try:
        if match and re.fullmatch(r"[A-Za-z]+(/[A-Za-z_+0-9-]+)+|UTC", match[2]):
            return datetime.fromisoformat(match[1]).replace(tzinfo=ZoneInfo(match[2]))
        moment = datetime.fromisoformat(text.strip())
    except (ValueError, KeyError, OSError) as error:
        raise BadMoment(f"{text!r} is no time like 2026-11-23 09:00+01:00") from error
    if moment.tzinfo is None:
        raise BadMoment(f"{text!r} names no zone: 2026-11-23 09:00+01:00 or ... Europe/Amsterdam")
    return moment


def table_of(names: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    """Print rows below their columns' names, cut to what fits."""
    texts = [[shorten(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[at]) for row in texts)]) for at, name in enumerate(names)]
    for row in ([*names], ["-" * width for width in widths], *texts):
        out.write("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)))
        out.write("\n")


def shorten(value: Any) -> str:
    """Return a value as one short line, without what would move a terminal's cursor."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", "" if value is None else str(value))
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 3]}..."


def csv_of(names: Sequence[str], rows: Iterable[Iterable[Any]], out: TextIO) -> None:
    """Print rows as CSV, exactly; a value that is not there is empty."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)


def sheet_of(names: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    """Print rows as CSV that a spreadsheet shows and does not run, as the pages' is."""
    csv_of([str(defuse(name)) for name in names], (map(defuse_in, row) for row in rows), out)


def defuse_in(value: Any) -> object:
    """Return a value as it may stand in a cell; a list is its text there."""
    return defuse(str(value) if isinstance(value, list | tuple | Mapping) else value)


def json_of(names: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> None:
    """Print rows as a list of objects, times as ISO 8601."""
    begin = "[\n "
    for row in rows:
        out.write(begin)
        json.dump(dict(zip(names, map(plain, row), strict=True)), out, allow_nan=False)
        begin = ",\n "
    out.write("[]\n" if begin.startswith("[") else "\n]\n")


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


FORMS: Mapping[str, Callable[[Sequence[str], Iterable[Sequence[Any]], TextIO], None]] = {
    "table": table_of,
    "csv": csv_of,
    "json": json_of,
    "spreadsheet": sheet_of,
}


def ask(
    lake: "DuckDBPyConnection | LakeConnection", sql: str, form: str, secrets: Sequence[str] = ()
) -> None:
    """Print what a statement answers. Raises duckdb.Error, and BadQuery for one that is none.

    What the error says is without the `secrets`.
    """
    try:
        answer = lake.execute(sql)
        names = [column[0] for column in answer.description or ()]
        first = answer.fetchmany(ROWS)  # before a line is written: it may fail
        FORMS[form](names, chain(first, rows_of(answer)), sys.stdout)
    except Exception as error:
        if not is_of_duckdb(error) or type(error).__name__ not in OF_STATEMENT:
            raise
        raise BadQuery(f"SQL: {without_secrets(str(error), secrets)}") from error


def rows_of(answer: Any) -> Iterator[Sequence[Any]]:
    """Yield the rows of an answer as they are fetched, however many there are."""
    while rows := answer.fetchmany(ROWS):
        yield from rows


def attach_lines(settings: LakeSettings) -> str:
    """Return what attaches the lake in DuckDB's own shell and in Python, without a secret."""
    statement = attachment(settings._replace(password=None), write=False)
    needed = ["ducklake", settings.kind, *(["httpfs", "aws"] if settings.objects else [])]
    lines = ["-- DuckDB's shell:", *(f"INSTALL {name};" for name in needed)]
    if settings.objects:
        bucket = settings.data.removeprefix("s3://").partition("/")[0]
        parts = ["TYPE s3", "PROVIDER credential_chain"]
        parts += [f"REGION {literal(settings.objects.region)}", *endpoint_of(settings.objects)]
        lines.append(f"CREATE SECRET ({', '.join(parts)}, SCOPE {literal(f's3://{bucket}')});")
    lines += [f"{statement};", "USE lake;"]
    if settings.password:
        lines.append("-- the catalog's password is in PGPASSWORD, or in ~/.pgpass")
    python = [
        "# Python, in this folder:",
        "from sqlauthenticator import lake",
        "con = lake()",
        'con.sql("SELECT count(*) FROM workflowruns")',
    ]
    return "\n".join([*lines, "", *python])
