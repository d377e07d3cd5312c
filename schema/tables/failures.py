"""Why jobs failed, kept before GitHub forgets it."""

from sqlalchemy import Index, Integer

from engines.column_types import Exact, Long, Moment
from schema.tables.columns import column, git_id, provider, repo_id, row_id, table

failures = table(
    "failures",
    "What failed jobs say; a job whose message cannot be had has one row that says so",
    row_id(),
    provider(),
    git_id("jobgitid", "key", "jobs.gitid of the job"),
    column("number", Integer(), "key", "1 for the first message of the job"),
    repo_id(),
    git_id("rungitid", "own", "workflowruns.gitid of its run"),
    column("attempt", Integer(), "own", "Attempt of the run that the job belongs to"),
    column("job", Long(), "own", "Name of the job"),
    column("step", Long(), "own", "Name of the step that failed; NULL when none did"),
    column("source", Exact(16), "own", "annotation, log, or none", nullable=False),
    column("absence", Exact(16), "own", "Why the log gave no message: gone, huge, or silent"),
    column("message", Long(), "own", "What GitHub or the log says; NULL when it cannot be had"),
    column("context", Long(), "own", "Lines of the log before it"),
    column("masked", Long(), "own", "The message without numbers, hashes, paths and times"),
    column(
        "fingerprint", Exact(64), "own", "Hash of the masked message, after the masking's revision"
    ),
    column("path", Long(), "own", "File that the message names"),
    column("line", Integer(), "own", "Line in it"),
    column("time", Moment, "own", "When the job ended"),
    column("kind", Exact(16), "own", "cause, end, or vague; NULL where it was read before"),
    column(
        "problem",
        Exact(64),
        "own",
        "The same problem in many tests: hash of the message without what names the test",
    ),
    Index("ix_failures_run", "provider", "rungitid"),
    Index(
        "ix_failures_error",
        "fingerprint",
        "time",
        "kind",
        "repoid",
        "jobgitid",
        "provider",
        "rungitid",
    ),
    Index("ix_failures_same_problem", "problem", "fingerprint", "time", "jobgitid"),
    # Of some days all errors at once: the index above has each error's days apart.
    Index("ix_failures_time", "time", "fingerprint", "kind", "repoid", "jobgitid"),
)

errorissues = table(
    "errorissues",
    "Issues that carry an error's fingerprint, as they were found last; one row, even for none",
    row_id(),
    repo_id("key"),
    column("fingerprint", Exact(64), "key", "failures.fingerprint"),
    column("issues", Long(), "own", "JSON list: number, title, state and url of each"),
    column("searchtime", Moment, "own", "When they were looked for", nullable=False),
)

formerfingerprints = table(
    "formerfingerprints",
    "Fingerprints of older revisions of the masking, so that what carries one leads to its error",
    row_id(),
    column("former", Exact(64), "key", "As it was"),
    column("fingerprint", Exact(64), "own", "As failures.fingerprint was then", nullable=False),
)
