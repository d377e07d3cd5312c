"""A name is found as it is written, though engines write its small letters otherwise."""

import pytest
import sqlalchemy as sa

from schema.tables.ci import workflowruns
from store.name_parts import has_words

NAMES = ("\u0130stanbul 5%", "\u03a3\u0391\u03a3", "Stra\u00dfe/a_b", "\u00c9t\u00e9", "plain")
COLUMNS = ("title", "branchname")
"""One that compares without case, and one that compares bytes."""


@pytest.mark.parametrize("column", COLUMNS)
def test_names_are_found_as_they_are_written(engine: sa.Engine, column: str):
    text = workflowruns.c[column]
    rows = [
        {"provider": "p", "gitid": place, "version": b"", column: f"of {name} here"}
        for place, name in enumerate(NAMES)
    ]
    with engine.begin() as connection:
        connection.execute(sa.insert(workflowruns), rows)
        found = {
            name: connection.scalars(
                sa.select(workflowruns.c.gitid).where(has_words(text, name))
            ).all()
            for name in NAMES
        }
    assert found == {name: [place] for place, name in enumerate(NAMES)}
