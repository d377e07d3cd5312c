"""Views over the tables. They hold no data, so every upgrade makes them anew."""

from sqlalchemy import Connection, text

from engines import kind_of
from engines.kind import ListView

STEPS = ListView(
    name="steps",
    table="jobs",
    column="steps",
    columns=("provider", "gitid AS jobgitid"),
    fields={
        "number": "number",
        "name": "text",
        "status": "word",
        "conclusion": "word",
        "starttime": "time",
        "endtime": "time",
    },
)


def create(connection: Connection) -> None:
    """Make the views, replacing older ones."""
    for statement in kind_of(connection).list_view(STEPS):
        connection.execute(text(statement))
