"""main_red and main_now, which every upgrade makes: what goes on after its end is what it was.

And open pipelines are told anew by whatever comes next: one that ended while a backfill read it was
stored with its end as one that went on after it, which no record of that end could change.
"""

from alembic import op
from sqlalchemy import bindparam, text

from engines.column_types import Moment
from schema.migrations.steps import add_column, column

revision = "0094"
down_revision = "0092"

OPEN = (
    "SELECT DISTINCT provider, rungitid FROM runattempts"
    " WHERE provider >= 'gitlab' AND provider < 'gitlac' AND status <> 'completed'"
)
FORGET = "UPDATE {} SET version = :stub WHERE provider = :of AND rungitid IN :runs"
PART = 500


def upgrade() -> None:
    for name, said in (("passedtime", "passed"), ("failedtime", "failed")):
        comment = f"When it last {said}, or had so far; NULL on GitHub"
        add_column("workflowruns", column(name, Moment, comment))
    connection = op.get_bind()
    runs = connection.execute(text(OPEN)).all()
    for provider in sorted({each.provider for each in runs}):
        its = sorted(each.rungitid for each in runs if each.provider == provider)
        for first in range(0, len(its), PART):
            told = {"stub": b"", "of": provider, "runs": its[first : first + PART]}
            for table in ("jobs", "runattempts"):
                forget = text(FORGET.format(table)).bindparams(bindparam("runs", expanding=True))
                connection.execute(forget, told)
