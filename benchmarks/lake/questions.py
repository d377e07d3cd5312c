"""Five questions to the lake, and each as the stores' own SQL answers it quickest."""

from typing import NamedTuple

SINCE_DAYS = 90
EPOCH = "1970-01-05"  # a Monday


class Question(NamedTuple):
    """A question; `{week}` and the like are an engine's words."""

    title: str
    lake: str
    store: str


WORDS = {
    "lake": {
        "week": f"date_diff('day', DATE '{EPOCH}', createtime::DATE) // 7",
        "day": "moment::DATE",
    },
    "sqlite": {
        "week": f"CAST((julianday(date(createtime)) - julianday('{EPOCH}')) / 7 AS INTEGER)",
        "day": "date(moment)",
        "half": "(total * 50 + 99) / 100",
        "most": "(total * 95 + 99) / 100",
        "minutes": "CAST(sum(j.runtime) / 60 AS INTEGER)",
    },
    "mariadb": {
        "week": f"(TO_DAYS(createtime) - TO_DAYS('{EPOCH}')) DIV 7",
        "day": "DATE(moment)",
        "half": "(total * 50 + 99) DIV 100",
        "most": "(total * 95 + 99) DIV 100",
        "minutes": "FLOOR(sum(j.runtime) / 60)",
    },
}
"""The rule of both percentiles is the nearest rank, so that all engines give one answer."""

FAILURES = """
SELECT repo, name, count(*) AS jobs, sum(CASE WHEN conclusion = 'failure' THEN 1 ELSE 0 END)
FROM jobs
WHERE createtime >= '{since}' AND conclusion IN ('success', 'failure')
GROUP BY repo, name
"""
FLAKY = """
SELECT repo, name, count(*) AS commits
FROM (
    SELECT repo, name, commithash
    FROM jobs
    WHERE conclusion IN ('success', 'failure')
    GROUP BY repo, name, commithash
    HAVING min(conclusion) <> max(conclusion)
) both_ways
GROUP BY repo, name
"""
PEAK = """
SELECT {day} AS day, os, max(running) AS peak
FROM (
    SELECT os, moment, sum(step) OVER (PARTITION BY os ORDER BY moment, step) AS running
    FROM (
        SELECT os, starttime AS moment, 1 AS step FROM jobs WHERE endtime > starttime
        UNION ALL
        SELECT os, endtime, -1 FROM jobs WHERE endtime > starttime
    ) steps
) counted
GROUP BY {day}, os
"""

QUESTIONS = (
    Question(
        "queue time, median and p95, per week and system",
        """
SELECT {week} AS week, os, count(*) AS jobs, quantile_disc(queuetime, 0.5) AS median,
    quantile_disc(queuetime, 0.95) AS p95
FROM jobs
WHERE queuetime IS NOT NULL AND NOT inherited AND NOT gated
GROUP BY ALL
""",
        """
SELECT week, os, max(total) AS jobs, max(CASE WHEN place = {half} THEN queuetime END) AS median,
    max(CASE WHEN place = {most} THEN queuetime END) AS p95
FROM (
    SELECT week, os, queuetime, count(*) OVER (PARTITION BY week, os) AS total,
        row_number() OVER (PARTITION BY week, os ORDER BY queuetime) AS place
    FROM (
        SELECT {week} AS week, os, queuetime
        FROM jobs
        WHERE queuetime IS NOT NULL AND NOT inherited AND NOT gated
    ) waits
) ranked
GROUP BY week, os
""",
    ),
    Question("failure rate per job, 90 days", FAILURES, FAILURES),
    Question("flaky jobs: both ends on one commit", FLAKY, FLAKY),
    Question("peak of concurrent jobs per day and system", PEAK, PEAK),
    Question(
        "jobs and minutes per event",
        """
SELECT event, count(*) AS jobs, floor(sum(j.runtime) / 60)::BIGINT AS minutes
FROM jobs j
JOIN workflowruns w ON w.provider = j.provider AND w.gitid = j.rungitid
GROUP BY event
""",
        """
SELECT event, count(*) AS jobs, {minutes} AS minutes
FROM jobs j
JOIN workflowruns w ON w.provider = j.provider AND w.gitid = j.rungitid
GROUP BY event
""",
    ),
)


def spelled(text: str, engine: str, since: str) -> str:
    """Return a question in an engine's words."""
    return text.format(**WORDS[engine], since=since)
