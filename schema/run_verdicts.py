"""How a run ended, in SQL: one that goes on after that, or was stopped in it, as it was before.

GitHub's are done again by a new attempt, of which the one before tells; GitLab's go on as they are,
and say themselves when they last passed and failed.
"""

GOOD, FAILED = "('success')", "('failure', 'timed_out', 'startup_failure')"
TOLD = "('success', 'failure', 'timed_out', 'startup_failure')"
PAST = (
    "(SELECT past.{what} FROM runattempts past WHERE past.provider = {run}.provider"  # noqa: S608 - names of ours
    " AND past.rungitid = {run}.gitid AND past.attempt < {run}.attempt"
    f" AND past.conclusion IN {TOLD} ORDER BY past.attempt DESC LIMIT 1)"
)
"""Of the attempt before that tells how the branch is: one that goes on or was stopped does not."""
HAD_PASSED = (
    "{run}.passedtime IS NOT NULL AND"
    " ({run}.failedtime IS NULL OR {run}.failedtime < {run}.passedtime)"
)
HAD_FAILED = (
    "{run}.failedtime IS NOT NULL AND"
    " ({run}.passedtime IS NULL OR {run}.passedtime <= {run}.failedtime)"
)
HAD = {
    GOOD: HAD_PASSED,
    FAILED: HAD_FAILED,
    TOLD: "({run}.passedtime IS NOT NULL OR {run}.failedtime IS NOT NULL)",
}
"""Which runs said so before they went on."""
OF_PAST = {
    "conclusion": ("'success'", "'failure'"),
    "endtime": ("newest.passedtime", "newest.failedtime"),
    "runtime": ("newest.runtime", "newest.runtime"),
}
"""What is told of a run that had passed, and of one that had failed."""


def verdict(what: str) -> str:
    """Return what is told of the newest run: its own, or what it was before."""
    passed, failed = OF_PAST[what]
    return (
        f"CASE WHEN newest.conclusion IN {TOLD} THEN newest.{what}"
        f" WHEN {HAD_PASSED.format(run='newest')} THEN {passed}"
        f" WHEN newest.failedtime IS NOT NULL THEN {failed}"
        f" ELSE {PAST.format(what=what, run='newest')} END"
    )


def ended_so(run: str, how: str) -> str:
    """Return which runs ended so, or had before: a scalar, asked of runs of several attempts alone.

    All of these have provider and gitid: unasked, MariaDB 10.11 does not read them when it sorts
    runs again.
    """
    past = PAST.format(what="conclusion", run=run)
    return (
        f"({run}.status = 'completed' AND {run}.conclusion IN {how}"
        f" OR ({run}.conclusion IS NULL OR {run}.conclusion NOT IN {TOLD})"
        f" AND ({HAD[how].format(run=run)} OR {run}.attempt > 1 AND {run}.provider IS NOT NULL"
        f" AND {run}.gitid IS NOT NULL AND {past} IN {how}))"
    )
