"""How many runs there are, how they end, how long they take."""

from deploy.grafana.panels import Board, Panel, least, stat

RATE = (
    "100.0 * SUM(CASE WHEN {passed} THEN 1 ELSE 0 END)"
    " / NULLIF(SUM(CASE WHEN {passed} OR {failed} THEN 1 ELSE 0 END), 0)"
)
RUNS = "FROM workflowruns\nWHERE {range createtime} AND {repos repoid}"
DEFAULT_BRANCH = (
    "FROM workflowruns r\n"
    "JOIN repos ON repos.Id = r.repoid AND repos.defaultbranch = r.branchname\n"
    "WHERE {range r.createtime} AND {mainline} AND {repos r.repoid}"
)
COUNTS = (
    "COUNT(*) AS runs, SUM(CASE WHEN {failed} THEN 1 ELSE 0 END) AS failed,\n"
    f"  {RATE} AS percent, SUM(runtime) AS seconds"
)

OVERVIEW = Board(
    "overview",
    "CI overview",
    "Runs, how they ended and how long they took, by day, repository, workflow and event",
    (
        stat(
            "Runs",
            "Runs that were created in the range",
            "short",
            "/runs",
            f"SELECT COUNT(*) AS runs\n{RUNS}",
            width=3,
        ),
        stat(
            "Successful runs",
            "Runs of the range that ended well",
            "short",
            "/runs?conclusion=success",
            f"SELECT COUNT(*) AS runs\n{RUNS} AND {{passed}}",
            width=3,
        ),
        stat(
            "Ended well",
            "Of the runs that ended well or failed, how many ended well; cancelled and skipped"
            " ones count neither way",
            "percent",
            "/figures",
            f"SELECT {RATE} AS percent\n{RUNS}",
            width=3,
        ),
        stat(
            "Ended well on the default branch",
            "The same of runs on the default branch, those of pull requests aside",
            "percent",
            "/figures",
            f"SELECT {RATE} AS percent\n{DEFAULT_BRANCH}",
            width=3,
        ),
        stat(
            "Run again",
            "Of all runs, how many had more than one attempt",
            "percent",
            "/flakes",
            "SELECT 100.0 * SUM(CASE WHEN attempt > 1 THEN 1 ELSE 0 END) / NULLIF(COUNT(*), 0)"
            f" AS percent\n{RUNS}",
            width=3,
        ),
        stat(
            "Mean duration",
            "From first start to end, on average, of the runs that ended well",
            "s",
            "/time",
            f"SELECT AVG(runtime) AS seconds\n{RUNS} AND {{passed}}",
            width=3,
        ),
        stat(
            "Time of all runs",
            "From each run's first start to its end, together",
            "s",
            "/time",
            f"SELECT SUM(runtime) AS seconds\n{RUNS}",
            width=3,
        ),
        stat(
            "Not ended",
            "Runs of the range that wait or run",
            "short",
            "/runs?conclusion=running",
            f"SELECT COUNT(*) AS runs\n{RUNS} AND status <> 'completed'",
            width=3,
        ),
        Panel(
            "Runs by conclusion",
            "timeseries",
            "Runs of each interval by how they ended; open ones are those that have not",
            "short",
            "/time",
            "SELECT {bucket createtime} AS time,\n"
            "  SUM(CASE WHEN {passed} THEN 1 ELSE 0 END) AS success,\n"
            "  SUM(CASE WHEN {failed} THEN 1 ELSE 0 END) AS failed,\n"
            "  SUM(CASE WHEN conclusion = 'cancelled' THEN 1 ELSE 0 END) AS cancelled,\n"
            "  SUM(CASE WHEN conclusion IS NULL THEN 1 ELSE 0 END) AS not_ended\n"
            f"{RUNS}\nGROUP BY 1\nORDER BY 1",
            is_stacked=True,
        ),
        Panel(
            "Success rate",
            "timeseries",
            "Of the runs of each interval that ended well or failed, how many ended well",
            "percent",
            "/figures",
            "SELECT {bucket createtime} AS time, "
            + RATE
            + f" AS percent\n{RUNS}\nGROUP BY 1\nORDER BY 1",
        ),
        Panel(
            "Success rate of the default branch",
            "timeseries",
            "Of the default branch's runs that ended well or failed, how many ended well",
            "percent",
            "/figures",
            "SELECT {bucket r.createtime} AS time, "
            + RATE
            + f" AS percent\n{DEFAULT_BRANCH}\nGROUP BY 1\nORDER BY 1",
        ),
        Panel(
            "Duration of successful runs",
            "timeseries",
            "Mean, median and 95th percentile of the runs that ended well",
            "s",
            "/time",
            "SELECT time, SUM(1.0 * runtime * alike) / SUM(alike) AS mean,"
            f" {least(50, 'runtime')} AS p50,\n  {least(95, 'runtime')} AS p95\n"
            "FROM (SELECT time, runtime, alike,\n"
            "    SUM(alike) OVER (PARTITION BY time ORDER BY runtime) AS upto,"
            " SUM(alike) OVER (PARTITION BY time) AS total\n"
            "  FROM (SELECT {bucket createtime} AS time, {whole runtime} AS runtime,"
            " COUNT(*) AS alike\n"
            "    FROM workflowruns\n    WHERE {range createtime} AND {repos repoid} AND {passed}"
            " AND runtime IS NOT NULL\n    GROUP BY 1, 2) counted) ranked\n"
            "GROUP BY time\nORDER BY time",
        ),
        Panel(
            "Conclusions",
            "piechart",
            "How the runs of the range ended",
            "short",
            "/runs",
            f"SELECT conclusion, COUNT(*) AS runs\n{RUNS} AND conclusion IS NOT NULL\n"
            "GROUP BY conclusion\nORDER BY runs DESC, conclusion",
            width=6,
        ),
        Panel(
            "Events",
            "barchart",
            "What started the runs",
            "short",
            "/time",
            f"SELECT event, COUNT(*) AS runs\n{RUNS} AND event IS NOT NULL\n"
            "GROUP BY event\nORDER BY runs DESC, event",
            width=6,
        ),
        Panel(
            "Repositories",
            "table",
            "Runs, failures, success rate and time of each repository",
            "short",
            "/figures",
            f"SELECT repo AS repository, {COUNTS}\n{RUNS}\n"
            "GROUP BY repoid, repo\nORDER BY runs DESC, repository\nLIMIT 100",
            units={"percent": "percent", "seconds": "s"},
            links={"repository": "/runs?repo=${__data.fields.repository}"},
        ),
        Panel(
            "Workflows",
            "table",
            "The same of each workflow, those with the most failures first",
            "short",
            "/figures?by=workflow",
            f"SELECT repo AS repository, workflowname AS workflow, {COUNTS}\n{RUNS}\n"
            "GROUP BY repoid, repo, workflowname\nORDER BY failed DESC, runs DESC, repository,"
            " workflow\nLIMIT 100",
            width=24,
            units={"percent": "percent", "seconds": "s"},
        ),
    ),
)
