"""When default branches were red, and which messages said so to whom."""

from sqlalchemy import Index, Integer

from engines.column_types import BigId, Exact, Long, Moment
from schema.tables.columns import column, git_id, provider, repo_id, row_id, table

redperiods = table(
    "redperiods",
    "When a workflow was red on its default branch, as the listener saw it",
    row_id(),
    provider(),
    repo_id("key"),
    git_id("workflowgitid", "key", "workflows.gitid of the workflow; below zero for one of no id"),
    git_id(
        "rungitid",
        "key",
        "workflowruns.gitid of the run since which it was red; below zero where a nightly did not"
        " run: the ordinal of the night",
    ),
    column("branchname", Exact(), "own", "The default branch"),
    column("redtime", Moment, "own", "When that run was created", nullable=False),
    column("seentime", Moment, "own", "When it was seen to be red", nullable=False),
    column("greentime", Moment, "own", "When it was seen to be green, or over; NULL while red"),
    git_id("greengitid", "own", "The run that was good; NULL while red, or where it is over"),
    Index("ix_redperiods_green", "greentime"),
)

alerts = table(
    "alerts",
    "Messages that a default branch turned red or green, to each who is told",
    row_id(),
    column("periodid", BigId, "key", "redperiods.Id of the period that began or ended"),
    column("turn", Exact(8), "key", "red or green"),
    column("target", Exact(16), "key", "slack, teams, mattermost, discord, webhook or mail"),
    column(
        "state",
        Exact(16),
        "own",
        "waiting, sending, sent, settled (over before it was sent), unsure (perhaps sent), failed",
        nullable=False,
    ),
    column("tries", Integer(), "own", "How often it was sent", nullable=False),
    column("holder", Exact(64), "own", "Which sending it was part of last"),
    column("duetime", Moment, "own", "When to send it, or again", nullable=False),
    column("changetime", Moment, "own", "When its state was last changed", nullable=False),
    column("error", Long(), "own", "Why it was not sent; never with an address"),
    Index("ix_alerts_due", "target", "state", "duetime"),
)
