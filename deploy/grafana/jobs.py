"""Which jobs take the time, fail, and pass when they are run again."""

from deploy.grafana.panels import Board, Panel, quantiles, stat

OWN = "own_jobs\nWHERE {range createtime} AND {repos repoid}"
OF_JOB = "repo AS repository, workflowname AS workflow, name AS job"
BY_JOB = "GROUP BY repoid, repo, workflowname, name"
FIRST = "ORDER BY {0} DESC, repository, workflow, job\nLIMIT 50"
BOTH = (
    "SELECT repoid, repo, workflowname, name, commithash\n"
    f"  FROM {OWN} AND conclusion IN ('success', 'failure', 'timed_out')\n"
    f"    AND commithash IN (SELECT commithash FROM {OWN} AND {{failed}})\n"
    "  GROUP BY repoid, repo, workflowname, name, commithash\n"
    "  HAVING SUM(CASE WHEN {passed} THEN 1 ELSE 0 END) > 0"
    " AND SUM(CASE WHEN {failed} THEN 1 ELSE 0 END) > 0"
)

PANELS = (
    stat(
        "Jobs",
        "Jobs of the range, copies of an earlier attempt's aside",
        "short",
        "/time",
        f"SELECT COUNT(*) AS jobs FROM {OWN}",
    ),
    stat(
        "Failed jobs",
        "Jobs of the range that failed",
        "short",
        "/errors",
        f"SELECT COUNT(*) AS jobs FROM {OWN} AND {{failed}}",
    ),
    stat(
        "Flaky jobs",
        "Jobs that both failed and passed on one commit: the code did not change between",
        "short",
        "/flakes",
        "SELECT COUNT(*) AS jobs FROM (SELECT repoid, workflowname, name\n"
        f"  FROM ({BOTH}) commits\n  GROUP BY repoid, workflowname, name) flaky",
    ),
    stat(
        "Saved by another attempt",
        "Of the runs with more than one attempt, how many ended well in the end",
        "percent",
        "/flakes",
        "SELECT 100.0 * SUM(CASE WHEN {passed} THEN 1 ELSE 0 END) / NULLIF(COUNT(*), 0)"
        " AS percent\nFROM workflowruns\nWHERE {range createtime} AND {repos repoid}"
        " AND attempt > 1",
    ),
    stat(
        "Time of failed jobs",
        "From start to end of the jobs that failed, together",
        "s",
        "/figures",
        f"SELECT SUM(runtime) AS seconds FROM {OWN} AND {{failed}}",
    ),
    stat(
        "Clock of a runner off",
        "Jobs whose times contradict one another",
        "short",
        "/health",
        "SELECT COUNT(*) AS jobs FROM jobs\nWHERE {range createtime} AND {repos repoid}"
        " AND clockanomaly",
        red_from=1,
    ),
    Panel(
        "Flaky jobs",
        "table",
        "On how many commits a job both failed and passed",
        "short",
        "/flakes",
        f"SELECT {OF_JOB}, COUNT(*) AS commits\nFROM ({BOTH}) both_ways\n{BY_JOB}\n"
        + FIRST.format("commits"),
    ),
    Panel(
        "Jobs that fail most",
        "table",
        "Failures of each job, and their share of those that ended well or failed",
        "short",
        "/figures?by=job",
        f"SELECT {OF_JOB}, COUNT(*) AS jobs,\n  SUM(CASE WHEN {{failed}} THEN 1 ELSE 0 END)"
        " AS failed,\n  100.0 * SUM(CASE WHEN {failed} THEN 1 ELSE 0 END) / COUNT(*) AS percent\n"
        f"FROM {OWN} AND ({{passed}} OR {{failed}})\n{BY_JOB}\n" + FIRST.format("failed"),
        units={"percent": "percent"},
    ),
    Panel(
        "Jobs that take the time",
        "table",
        "Time of all jobs of a name together, and their mean",
        "short",
        "/time",
        f"SELECT {OF_JOB}, COUNT(*) AS jobs, SUM(runtime) AS seconds, AVG(runtime) AS mean\n"
        f"FROM {OWN} AND runtime IS NOT NULL\n{BY_JOB}\n" + FIRST.format("seconds"),
        units={"seconds": "s", "mean": "s"},
    ),
    Panel(
        "Slowest jobs",
        "table",
        "Duration of the jobs that ended well, by name, the slowest 95th percentile first",
        "short",
        "/slower",
        quantiles("runtime", f"{OWN} AND {{passed}} AND runtime IS NOT NULL", "name", "job")
        + "\nORDER BY p95 DESC, job\nLIMIT 50",
        units={"p50": "s", "p95": "s", "longest": "s"},
    ),
    Panel(
        "Failing steps",
        "table",
        "Which steps fail, in how many jobs",
        "short",
        "/errors",
        "SELECT repo AS repository, workflowname AS workflow, failedstep AS step,"
        f" COUNT(*) AS failed\nFROM {OWN} AND {{failed}} AND failedstep IS NOT NULL\n"
        "GROUP BY repoid, repo, workflowname, failedstep\n"
        "ORDER BY failed DESC, repository, workflow, step\nLIMIT 50",
    ),
    Panel(
        "Attempts",
        "barchart",
        "How many runs needed how many attempts",
        "short",
        "/flakes",
        "SELECT CASE WHEN attempt = 1 THEN 'one' WHEN attempt = 2 THEN 'two' ELSE 'more' END"
        " AS attempts,\n  COUNT(*) AS runs\nFROM workflowruns\n"
        "WHERE {range createtime} AND {repos repoid} AND attempt IS NOT NULL\n"
        "GROUP BY 1\nORDER BY MIN(attempt)",
    ),
    Panel(
        "Run again",
        "timeseries",
        "Runs of each interval, and those that had more than one attempt",
        "short",
        "/flakes",
        "SELECT {bucket createtime} AS time, COUNT(*) AS runs,\n"
        "  SUM(CASE WHEN attempt > 1 THEN 1 ELSE 0 END) AS run_again\n"
        "FROM workflowruns\nWHERE {range createtime} AND {repos repoid}\nGROUP BY 1\nORDER BY 1",
        width=24,
    ),
)

JOBS = Board("jobs", "Jobs and flakes", "Which jobs take the time, fail, and are flaky", PANELS)
