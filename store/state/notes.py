"""What the reconciler remembers between two cycles, by what it is about."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from engines import database_time
from schema.tables.reconciler import marks
from store.write.upsert import put_rows


class StoredNote(NamedTuple):
    """A remembered text, and when it was noted, in UTC without zone."""

    value: str | None
    time: datetime


def put(connection: Connection, subject: str, name: str, value: str | None) -> None:
    """Remember a text; `subject` is a repository's or hook's number, empty for all."""
    time = database_time(connection)
    row = {"subject": subject, "name": name, "value": value, "time": time}
    put_rows(connection, marks, [row])


def get(connection: Connection, subject: str, name: str) -> StoredNote | None:
    """Return what is remembered."""
    query = select(marks.c.value, marks.c.time)
    row = connection.execute(query.where(marks.c.subject == subject, marks.c.name == name)).first()
    return None if row is None else StoredNote(*row)


def named(connection: Connection, name: str) -> dict[str, str]:
    """Return everything that is remembered under a name, by what it is about."""
    notes = connection.execute(select(marks.c.subject, marks.c.value).where(marks.c.name == name))
    return {subject: value for subject, value in notes if value}


def text(connection: Connection, subject: str, name: str) -> str:
    """Return what is remembered as text, empty where nothing is."""
    note = get(connection, subject, name)
    return (note.value if note else None) or ""
