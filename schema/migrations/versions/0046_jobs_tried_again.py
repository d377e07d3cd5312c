"""Jobs that are tried again inside of their run; runs that a job of another run made."""

from sqlalchemy import Boolean, Integer

from engines.column_types import BigId, Long, Moment, Name
from schema.migrations.steps import add_column, column

revision = "0046"
down_revision = "0040"


def upgrade() -> None:
    add_column(
        "workflowruns",
        column("warned", Boolean(), "Passed, though a job failed or was tried again; else NULL"),
    )
    add_column(
        "workflowruns",
        column("parentgitid", BigId, "The run that made this one, where a run did"),
    )
    add_column(
        "workflowruns",
        column("parentjobgitid", BigId, "jobs.gitid of the job that made this run"),
    )
    add_column(
        "runattempts",
        column("finishtime", Moment, "When the server says it ended, where it says that"),
    )
    add_column("jobs", column("stage", Long(), "Stage of the run that it is part of"))
    add_column(
        "jobs", column("allowfailure", Boolean(), "Whether the run may pass although it fails")
    )
    add_column("jobs", column("failurereason", Name(64), "Why it failed, in the server's word"))
    add_column(
        "jobs",
        column("tryno", Integer(), "Which try it is inside of its run, from 1; NULL on GitHub"),
    )
    add_column(
        "jobs",
        column(
            "superseded",
            Boolean(),
            "Tried again inside of its run, so that a later try counts; NULL on GitHub",
        ),
    )
