"""How long jobs wait for a runner, and what the runners do."""

from deploy.grafana.panels import Board, Panel, least, quantile, quantiles, stat

NOTE = "; copies of jobs of an earlier attempt, and jobs that waited for an approval, are left out"
JOBS = "own_jobs WHERE {range createtime} AND {repos repoid}"
WAITED = f"{JOBS} AND queuetime IS NOT NULL"
UNITS = {"p50": "s", "p95": "s", "longest": "s"}

QUEUE = Board(
    "queue",
    "Queue and runners",
    "How long jobs wait for a runner, by system, label, hour and runner",
    (
        stat(
            "Waiting",
            "Jobs of the range that have not begun" + NOTE,
            "short",
            "/pools",
            f"SELECT COUNT(*) AS jobs FROM {JOBS} AND {{open}}",
        ),
        stat(
            "Running",
            "Jobs of the range that have begun and not ended",
            "short",
            "/pools",
            f"SELECT COUNT(*) AS jobs FROM {JOBS} AND status = 'in_progress'",
        ),
        stat(
            "Waits longest",
            "For how long the oldest job that has not begun waits, at the end of the range",
            "s",
            "/pools",
            f"SELECT MAX({{age createtime}}) AS seconds FROM {JOBS} AND {{open}}",
            red_from=3600,
        ),
        stat(
            "Median wait",
            "Half of the jobs waited no longer for a runner" + NOTE,
            "s",
            "/pools",
            quantile(50, "queuetime", WAITED),
        ),
        stat(
            "Wait of 95 %",
            "95 of 100 jobs waited no longer for a runner" + NOTE,
            "s",
            "/pools",
            quantile(95, "queuetime", WAITED),
        ),
        stat(
            "Time of all jobs",
            "From each job's start to its end, together",
            "s",
            "/time",
            f"SELECT SUM(runtime) AS seconds FROM {JOBS}",
        ),
        Panel(
            "Wait by system",
            "timeseries",
            "The wait that 95 of 100 jobs did not exceed, by operating system" + NOTE,
            "s",
            "/pools",
            f"SELECT time, metric, {least(95, 'queuetime')} AS p95\n"
            "FROM (SELECT time, metric, queuetime,\n"
            "    SUM(alike) OVER (PARTITION BY time, metric ORDER BY queuetime) AS upto,\n"
            "    SUM(alike) OVER (PARTITION BY time, metric) AS total\n"
            "  FROM (SELECT {bucket createtime} AS time, COALESCE(os, 'unknown') AS metric,"
            " queuetime,\n      COUNT(*) AS alike\n"
            f"    FROM {WAITED}\n    GROUP BY 1, 2, 3) counted) ranked\n"
            "GROUP BY time, metric\nORDER BY time, metric",
        ),
        Panel(
            "Jobs that began",
            "timeseries",
            "Jobs of each interval, and those of them that waited longer than five minutes",
            "short",
            "/pools",
            "SELECT {bucket createtime} AS time, COUNT(*) AS jobs,\n"
            "  SUM(CASE WHEN queuetime > 300 THEN 1 ELSE 0 END) AS over_5_minutes\n"
            f"FROM {WAITED}\nGROUP BY 1\nORDER BY 1",
        ),
        Panel(
            "Labels",
            "table",
            "Wait for a runner by the labels that the job asks for, longest first" + NOTE,
            "short",
            "/pools",
            quantiles("queuetime", WAITED, "labels", "labels")
            + "\nORDER BY p95 DESC, jobs DESC, labels\nLIMIT 50",
            units=UNITS,
        ),
        Panel(
            "Jobs",
            "table",
            "Wait for a runner by the job's name, longest first" + NOTE,
            "short",
            "/pools",
            quantiles("queuetime", WAITED, "name", "job") + "\nORDER BY p95 DESC, job\nLIMIT 50",
            units=UNITS,
        ),
        Panel(
            "Systems",
            "table",
            "Wait for a runner by operating system" + NOTE,
            "short",
            "/pools",
            quantiles("queuetime", WAITED, "os", "os") + "\nORDER BY jobs DESC, os",
            units=UNITS,
        ),
        Panel(
            "Runners",
            "table",
            "Jobs, failures and busy time of each runner",
            "short",
            "/pools",
            "SELECT runnername, runnergroup, COUNT(*) AS jobs,\n"
            "  SUM(CASE WHEN {failed} THEN 1 ELSE 0 END) AS failed, SUM(runtime) AS seconds\n"
            f"FROM {JOBS} AND runnername IS NOT NULL\nGROUP BY runnername, runnergroup\n"
            "ORDER BY seconds DESC, runnername\nLIMIT 100",
            units={"seconds": "s"},
            links={"runnername": "/runner?name=${__data.fields.runnername}"},
        ),
        Panel(
            "Runners at work",
            "timeseries",
            "How many different runners had a job in each interval, by operating system",
            "short",
            "/pools",
            # MariaDB sorts all jobs for a COUNT(DISTINCT runnername).
            "SELECT time, metric, COUNT(*) AS runners\n"
            "FROM (SELECT {bucket createtime} AS time, COALESCE(os, 'unknown') AS metric,"
            " runnername\n"
            f"  FROM {JOBS} AND runnername IS NOT NULL\n  GROUP BY 1, 2, 3) at_work\n"
            "GROUP BY time, metric\nORDER BY time, metric",
        ),
        Panel(
            "Busy time by system",
            "timeseries",
            "Time that the jobs of each interval ran, by operating system",
            "s",
            "/time",
            "SELECT {bucket createtime} AS time, COALESCE(os, 'unknown') AS metric,"
            f" SUM(runtime) AS seconds\nFROM {JOBS} AND runtime IS NOT NULL\n"
            "GROUP BY 1, 2\nORDER BY 1, 2",
        ),
        Panel(
            "Wait now",
            "table",
            "Jobs that have not begun at the end of the range, the oldest first",
            "short",
            "/pools",
            "SELECT repo AS repository, workflowname AS workflow, name AS job, labels,\n"
            f"  {{age createtime}} AS waits, provider, rungitid\nFROM {JOBS} AND {{open}}\n"
            "ORDER BY createtime, job, rungitid\nLIMIT 50",
            width=24,
            units={"waits": "s"},
            links={"job": "/runs/${__data.fields.provider}/${__data.fields.rungitid}"},
        ),
    ),
)
