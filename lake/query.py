"""Ask the lake, and say what is wrong with what was asked."""

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from config.lake_place import LakeSettings
from lake.answer_forms import FORMS
from lake.catalog import attachment, endpoint_of, literal
from lake.extensions import is_of_duckdb
from lake.why_failed import without_secrets

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from lake.read_only import LakeConnection

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
            moment = datetime.fromisoformat(match[1]).replace(tzinfo=ZoneInfo(match[2]))
        else:
            moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo:
            moment.astimezone(UTC)  # which has a first and a last year
    except (ValueError, KeyError, OSError, OverflowError) as error:
        raise BadMoment(f"{text!r} is no time like 2026-11-23 09:00+01:00") from error
    if moment.tzinfo is None:
        raise BadMoment(f"{text!r} names no zone: 2026-11-23 09:00+01:00 or ... Europe/Amsterdam")
    return moment


def ask(
    lake: "DuckDBPyConnection | LakeConnection", sql: str, form: str, secrets: Sequence[str] = ()
) -> None:
    """Print what a statement answers. Raises duckdb.Error, and BadQuery for one that is none.

    What the error says is without the `secrets`.
    """
    try:
        if not lake.extract_statements(sql):
            raise BadQuery("SQL: there is no statement in it")
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
