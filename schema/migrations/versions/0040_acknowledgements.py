"""Who looks after an error, until when."""

from sqlalchemy import Integer

from engines.column_types import Exact, Long, Moment, Name
from schema.migrations.steps import column, create_table, needed

revision = "0040"
down_revision = "0036"


def upgrade() -> None:
    create_table(
        "acknowledgements",
        "Who looks after an error, until when; of each error the last row holds",
        needed("fingerprint", Exact(64), "failures.fingerprint"),
        needed("number", Integer(), "1 for the first row of the error"),
        needed("action", Exact(16), "acknowledged, or withdrawn before its end"),
        needed("person", Name(200), "Who it is, as the form said"),
        column("login", Name(200), "Who asked, as the proxy named them; NULL without one"),
        column("note", Long(), "What the person wrote beside it"),
        needed("time", Moment, "When it was written"),
        needed("untiltime", Moment, "When it ends by itself"),
        unique=("fingerprint", "number"),
    )
