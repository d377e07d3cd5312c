"""When default branches were red, and which messages said so to whom."""

from sqlalchemy import Integer

from engines.column_types import BigId, Exact, Long, Moment
from schema.migrations.steps import (
    column,
    create_index,
    create_table,
    needed,
    provider,
    repo_id,
)

revision = "0039"
down_revision = "0045"


def upgrade() -> None:
    create_table(
        "redperiods",
        "When a workflow was red on its default branch, as the listener saw it",
        provider(),
        repo_id(),
        needed(
            "workflowgitid",
            BigId,
            "workflows.gitid of the workflow; below zero for one of no id",
        ),
        needed(
            "rungitid",
            BigId,
            "workflowruns.gitid of the run since which it was red; below zero where a nightly did"
            " not run: the ordinal of the night",
        ),
        column("branchname", Exact(), "The default branch"),
        needed("redtime", Moment, "When that run was created"),
        needed("seentime", Moment, "When it was seen to be red"),
        column("greentime", Moment, "When it was seen to be green, or over; NULL while red"),
        column("greengitid", BigId, "The run that was good; NULL while red, or where it is over"),
        unique=("provider", "repoid", "workflowgitid", "rungitid"),
    )
    create_index("ix_redperiods_green", "redperiods", ["greentime"])
    create_table(
        "alerts",
        "Messages that a default branch turned red or green, to each who is told",
        needed("periodid", BigId, "redperiods.Id of the period that began or ended"),
        needed("turn", Exact(8), "red or green"),
        needed("target", Exact(16), "slack, teams, mattermost, discord, webhook or mail"),
        needed(
            "state",
            Exact(16),
            "waiting, sending, sent, settled (over before it was sent), unsure (perhaps sent),"
            " failed",
        ),
        needed("tries", Integer(), "How often it was sent"),
        column("holder", Exact(64), "Which sending it was part of last"),
        needed("duetime", Moment, "When to send it, or again"),
        needed("changetime", Moment, "When its state was last changed"),
        column("error", Long(), "Why it was not sent; never with an address"),
        unique=("periodid", "turn", "target"),
    )
    create_index("ix_alerts_due", "alerts", ["target", "state", "duetime"])
