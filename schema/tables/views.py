"""Views over the tables. They hold no data, so every upgrade makes them anew."""

from itertools import chain

from sqlalchemy import Connection, text

from engines import kind_of
from engines.kind import ListView

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
QUERIES = {ERRORS: SELECT_ERRORS, CHANGES: SELECT_CHANGES}
NAMES = (STEPS.name, *QUERIES)


def create(connection: Connection) -> None:
    """Make the views, replacing older ones."""
    kind = kind_of(connection)
    queries = (kind.make_view(name, query) for name, query in QUERIES.items())
    for statement in (*kind.list_view(STEPS), *chain(*queries)):
        connection.execute(text(statement))
