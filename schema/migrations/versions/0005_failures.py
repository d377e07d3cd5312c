"""Why jobs failed."""

from sqlalchemy import Integer

from engines.column_types import BigId, Exact, Long, Moment
from schema.migrations.steps import column, create_index, create_table, needed, provider

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    create_table(
        "failures",
        "What failed jobs say; a job whose message cannot be had has one row that says so",
        provider(),
        needed("jobgitid", BigId, "jobs.gitid of the job"),
        needed("number", Integer(), "1 for the first message of the job"),
        column("repoid", BigId, "repos.Id of the repository"),
        column("rungitid", BigId, "workflowruns.gitid of its run"),
        column("attempt", Integer(), "Attempt of the run that the job belongs to"),
        column("job", Long(), "Name of the job"),
        column("step", Long(), "Name of the step that failed; NULL when none did"),
        needed("source", Exact(16), "annotation, log, or none"),
        column("absence", Exact(16), "Why the log gave no message: gone, huge, or silent"),
        column("message", Long(), "What GitHub or the log says; NULL when it cannot be had"),
        column("context", Long(), "Lines of the log before it"),
        column("masked", Long(), "The message without numbers, hashes, paths and times"),
        column(
            "fingerprint", Exact(64), "Hash of the masked message, after the masking's revision"
        ),
        column("path", Long(), "File that the message names"),
        column("line", Integer(), "Line in it"),
        column("time", Moment, "When the job ended"),
        unique=["provider", "jobgitid", "number"],
    )
    create_index("ix_failures_fingerprint", "failures", ["fingerprint"])
    create_index("ix_failures_run", "failures", ["provider", "rungitid"])
    create_index("ix_failures_time", "failures", ["time"])
