"""How a run ended, in SQL: one that is done again, or was stopped in it, as the attempt before."""

GOOD, FAILED = "('success')", "('failure', 'timed_out', 'startup_failure')"
TOLD = "('success', 'failure', 'timed_out', 'startup_failure')"
PAST = (
    "(SELECT past.{what} FROM runattempts past WHERE past.provider = {run}.provider"  # noqa: S608 - names of ours
    " AND past.rungitid = {run}.gitid AND past.attempt < {run}.attempt"
    f" AND past.conclusion IN {TOLD} ORDER BY past.attempt DESC LIMIT 1)"
)
"""Of the attempt before that tells how the branch is: one that goes on or was stopped does not."""
OTHERWISE = PAST.format(what="{0}", run="newest")
VERDICT = f"CASE WHEN newest.conclusion IN {TOLD} THEN newest.{{0}} ELSE {OTHERWISE} END"
ENDED_SO = (
    "({run}.status = 'completed' AND {run}.conclusion IN {how} OR {run}.attempt > 1"
    f" AND ({{run}}.conclusion IS NULL OR {{run}}.conclusion NOT IN {TOLD})"
    " AND {run}.provider IS NOT NULL AND {run}.gitid IS NOT NULL"
    f" AND {PAST.format(what='conclusion', run='{run}')} IN {{how}})"
)
"""Which runs ended so, or had before they were done again: a scalar, asked of no other run.

All have provider and gitid: unasked, MariaDB 10.11 does not read them when it sorts runs again.
"""
