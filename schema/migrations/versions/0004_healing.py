"""Leases, and what the reconciler remembers."""

from sqlalchemy import Integer

from engines.column_types import Exact, Long, Moment
from schema.migrations.steps import column, create_index, create_table, needed, repo_id, run_id

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    create_table(
        "leases",
        "Work that one process at a time may do, over all replicas",
        needed("name", Exact(64), "What the work is"),
        column("holder", Exact(255), "Who does it: host, process and a random part"),
        needed("endtime", Moment, "Until when, on the database's clock"),
        unique=["name"],
    )
    create_table(
        "rereads",
        "Runs that have been open longer than they should: when to ask GitHub again",
        repo_id(),
        run_id(),
        needed("tries", Integer(), "How often it was asked for"),
        needed("duetime", Moment, "When to ask again"),
        needed("state", Exact(16), "waiting, or abandoned: never ended"),
        unique=["repoid", "rungitid"],
    )
    create_index("ix_rereads_due", "rereads", ["state", "duetime"])
    create_table(
        "marks",
        "What the reconciler remembers between two cycles",
        needed("subject", Exact(512), "Repository or hook; empty for all"),
        needed("name", Exact(64), "What is remembered"),
        column("value", Long(), "As text or JSON"),
        needed("time", Moment, "When it was noted"),
        unique=["subject", "name"],
    )
