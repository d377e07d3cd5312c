"""Views over the tables. They hold no data, so every upgrade makes them anew."""

from itertools import chain

from sqlalchemy import Connection, text

from engines import kind_of
from engines.kind import Kind, ListView
from schema.tables.main_views import MAIN_NOW, MAIN_RED, NewestRun, list_newest, select_main

STEPS = ListView(
    name="steps",
    table="jobs",
    column="steps",
    columns=("provider", "gitid AS jobgitid"),
    fields={
        "number": "number",
        "name": "text",
        "status": "word",
        "conclusion": "word",
        "starttime": "time",
        "endtime": "time",
    },
)

CHANGES = "versionchanges"
SELECT_CHANGES = """
SELECT bad.provider, bad.repoid, bad.rungitid, bad.jobgitid, compared.goodjobgitid,
    bad.kind, bad.name, good.version AS goodversion, bad.version
FROM versionreads compared
JOIN jobversions bad ON bad.provider = compared.provider AND bad.jobgitid = compared.jobgitid
JOIN jobversions good ON good.provider = bad.provider AND good.jobgitid = compared.goodjobgitid
    AND good.kind = bad.kind AND good.name = bad.name
WHERE good.version <> bad.version
"""
"""What a first failed job's log and that of the last good one before both list, and differ in."""

ERRORS = "errors"
COLUMNS_OF_ERRORS = {
    "fingerprint": ("fingerprint", "failures.fingerprint: the same for the same error"),
    "problem": ("MAX(problem)", "failures.problem: the same for the same problem in many tests"),
    "kind": (
        "MIN(CASE WHEN SUBSTR(masked, 1, 32) = 'Process completed with exit code' THEN 'vague'"
        " ELSE kind END)",
        "cause, end (only the end of a step is known), or vague (an exit code and the like)",
    ),
    "message": ("MAX(message)", "One of its messages"),
    "jobs": (
        "COUNT(DISTINCT jobgitid * 1024 + (repoid & 1023))",
        "How many jobs say it; to find the most prevalent, ask for the kind cause",
    ),
    "repositories": ("COUNT(DISTINCT repoid)", "In how many repositories"),
    "runs": ("COUNT(DISTINCT rungitid * 1024 + (repoid & 1023))", "In how many runs"),
    "days": ("COUNT(DISTINCT DATE(time))", "On how many days, in UTC"),
    "firstseen": ("MIN(time)", "When a job first ended with it"),
    "lastseen": ("MAX(time)", "When the last one did"),
}
"""What each column is, and means. An id is one server's: with its repository's number it is one
job's or run's."""
SELECT_ERRORS = (
    f"SELECT {', '.join(f'{value} AS {name}' for name, (value, _) in COLUMNS_OF_ERRORS.items())}"  # noqa: S608 - names of ours
    " FROM failures WHERE fingerprint IS NOT NULL GROUP BY fingerprint"
)

STEPS_OF_JOBS = ListView(
    name="stepsofjobs",
    table="jobs",
    column="steps",
    columns=(
        *("provider", "repoid", "repo AS repository", "workflowname AS workflow", "name AS job"),
        *("rungitid", "attempt", "gitid AS jobgitid", "branchname", "os", "inherited"),
    ),
    fields=STEPS.fields,
)
"""What `job_steps` is made of: a view of a list knows no spans."""

OWN_JOBS = "own_jobs"
COLUMNS_OF_OWN_JOBS = (
    "provider repoid repo workflowname name rungitid attempt gitid branchname commithash status"
    " conclusion createtime starttime endtime queuetime runtime os labels runnername runnergroup"
    " failedstep url"
).split()
SELECT_OWN_JOBS = (
    f"SELECT DATE(createtime) AS day, {', '.join(COLUMNS_OF_OWN_JOBS)}"  # noqa: S608 - names of ours
    " FROM jobs WHERE NOT inherited AND NOT gated"
)

DAILY = "daily"
COLUMNS_OF_DAILY = {
    "day": ("DATE(createtime)", "The day in UTC on which the runs were created"),
    "provider": ("provider", "workflowruns.provider"),
    "repoid": ("repoid", "workflowruns.repoid"),
    "repository": ("MAX(repo)", "Full name of the repository"),
    "workflowgitid": ("workflowgitid", "workflowruns.workflowgitid"),
    "workflow": ("MAX(workflowname)", "Name of the workflow"),
    "event": ("event", "What triggered the runs"),
    "runs": ("COUNT(*)", "How many runs"),
    "succeeded": (
        "SUM(CASE WHEN conclusion = 'success' THEN 1 ELSE 0 END)",
        "How many of them ended well",
    ),
    "failed": (
        "SUM(CASE WHEN conclusion IN ('failure', 'timed_out', 'startup_failure')"
        " THEN 1 ELSE 0 END)",
        "How many failed; of runs that only ended well or failed, `failed + succeeded` is all",
    ),
    "seconds": ("SUM(runtime)", "workflowruns.runtime of them all"),
    "waited": ("SUM(queuetime)", "workflowruns.queuetime of them all"),
}
"""What each column is, and means."""
SELECT_DAILY = (
    f"SELECT {', '.join(f'{value} AS {name}' for name, (value, _) in COLUMNS_OF_DAILY.items())}"  # noqa: S608 - names of ours
    " FROM workflowruns GROUP BY DATE(createtime), provider, repoid, workflowgitid, event"
)

JOB_STEPS = "job_steps"
SELECT_JOB_STEPS = """
SELECT provider, repoid, repository, workflow, job, branchname, os, rungitid, attempt, jobgitid,
    number, name, status, conclusion, starttime, endtime, {seconds} AS seconds
FROM stepsofjobs WHERE NOT inherited
"""

QUERIES = {
    ERRORS: SELECT_ERRORS,
    CHANGES: SELECT_CHANGES,
    OWN_JOBS: SELECT_OWN_JOBS,
    DAILY: SELECT_DAILY,
    JOB_STEPS: SELECT_JOB_STEPS,
}
LISTS = (STEPS, STEPS_OF_JOBS)
NAMES = (*(view.name for view in LISTS), MAIN_NOW, MAIN_RED, *QUERIES)


def newest_runs(kind: Kind) -> list[NewestRun]:
    """Return the newest runs on default branches, as an engine finds them."""
    return list_newest(
        kind.days_before,
        groups_by_steps=kind.groups_by_steps,
        joins_laterally=kind.joins_laterally,
    )


def create(connection: Connection) -> None:
    """Make the views, replacing older ones."""
    kind = kind_of(connection)
    seconds = kind.seconds_between("starttime", "endtime")
    lists = (kind.list_view(view) for view in LISTS)
    texts = select_main(newest_runs(kind))
    texts |= {name: query.replace("{seconds}", seconds) for name, query in QUERIES.items()}
    queries = (kind.make_view(name, query) for name, query in texts.items())
    for statement in chain(*lists, *queries):
        connection.execute(text(statement))
