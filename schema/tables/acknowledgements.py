"""Who looks after an error, until when: what people wrote, in the order they did."""

from sqlalchemy import Integer

from engines.column_types import Exact, Long, Moment, Name
from schema.tables.columns import column, row_id, table

acknowledgements = table(
    "acknowledgements",
    "Who looks after an error, until when; of each error the last row holds",
    row_id(),
    column("fingerprint", Exact(64), "key", "failures.fingerprint"),
    column("number", Integer(), "key", "1 for the first row of the error"),
    column("action", Exact(16), "own", "acknowledged, or withdrawn before its end", nullable=False),
    column("person", Name(200), "own", "Who it is, as the form said", nullable=False),
    column("login", Name(200), "own", "Who asked, as the proxy named them; NULL without one"),
    column("note", Long(), "own", "What the person wrote beside it"),
    column("time", Moment, "own", "When it was written", nullable=False),
    column("untiltime", Moment, "own", "When it ends by itself", nullable=False),
)
