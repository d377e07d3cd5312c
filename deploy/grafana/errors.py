"""What failed jobs say."""

from deploy.grafana.panels import Board, Panel, stat

SAID = "FROM failures\nWHERE {range time} AND {repos repoid} AND fingerprint IS NOT NULL"
# One server's id: with its repository's number it is one job's.
JOBS = "COUNT(DISTINCT jobgitid * 1024 + (repoid & 1023))"
PAGE = {"message": "/errors/${__data.fields.fingerprint}"}

ERRORS = Board(
    "errors",
    "Errors",
    "What failed jobs say: how often, where, since when, and what of it is new",
    (
        stat(
            "Failed jobs with a reason",
            "Jobs of which a message is known",
            "short",
            "/errors",
            f"SELECT {JOBS} AS jobs\n{SAID}",
        ),
        stat(
            "Different errors",
            "Messages that differ in more than numbers, hashes, paths and times",
            "short",
            "/errors",
            f"SELECT COUNT(DISTINCT fingerprint) AS errors\n{SAID}",
        ),
        stat(
            "Different problems",
            "Errors that are one problem in many tests count once",
            "short",
            "/errors",
            f"SELECT COUNT(DISTINCT problem) AS problems\n{SAID}",
        ),
        stat(
            "New errors",
            "Errors that no job of any repository had before the range",
            "short",
            "/errors",
            "SELECT COUNT(*) AS errors\nFROM errors\nWHERE {range firstseen}",
        ),
        stat(
            "Without a reason",
            "Failed jobs whose message cannot be had: the log is gone, huge or silent",
            "short",
            "/errors",
            "SELECT COUNT(*) AS jobs\nFROM failures\n"
            "WHERE {range time} AND {repos repoid} AND message IS NULL",
        ),
        stat(
            "Looked after",
            "Errors of which somebody said that they look after them",
            "short",
            "/errors",
            "SELECT COUNT(*) AS errors\nFROM acknowledgements",
        ),
        Panel(
            "Most frequent errors",
            "table",
            "How many jobs and repositories an error met, and its last time",
            "short",
            "/errors",
            f"SELECT MAX(message) AS message, {JOBS} AS jobs,\n"
            "  COUNT(DISTINCT repoid) AS repositories, MAX(time) AS last, fingerprint\n"
            f"{SAID}\nGROUP BY fingerprint\nORDER BY jobs DESC, fingerprint\nLIMIT 50",
            width=24,
            units={"last": "dateTimeAsIso"},
            links=PAGE,
        ),
        Panel(
            "New errors",
            "table",
            "Errors that no job had before the range, the newest first",
            "short",
            "/errors",
            "SELECT message, kind, jobs, repositories, firstseen, fingerprint\nFROM errors\n"
            "WHERE {range firstseen}\nORDER BY firstseen DESC, fingerprint\nLIMIT 50",
            width=24,
            units={"firstseen": "dateTimeAsIso"},
            links=PAGE,
        ),
        Panel(
            "Failed jobs",
            "timeseries",
            "Jobs of each interval that say something, and how many different errors that are",
            "short",
            "/errors",
            f"SELECT {{bucket time}} AS time, {JOBS} AS jobs,\n"
            f"  COUNT(DISTINCT fingerprint) AS errors\n{SAID}\nGROUP BY 1\nORDER BY 1",
        ),
        Panel(
            "Repositories",
            "barchart",
            "In which repositories jobs fail with a known message",
            "short",
            "/errors",
            f"SELECT MAX(repos.name) AS repository, {JOBS.replace('repoid', 'failures.repoid')}"
            " AS jobs\nFROM failures\nJOIN repos ON repos.Id = failures.repoid\n"
            "WHERE {range failures.time} AND {repos failures.repoid} AND fingerprint IS NOT NULL\n"
            "GROUP BY failures.repoid\nORDER BY jobs DESC, repository\nLIMIT 20",
        ),
        Panel(
            "Steps",
            "table",
            "Which steps the errors ended, with the number of jobs",
            "short",
            "/errors",
            f"SELECT step, {JOBS} AS jobs, COUNT(DISTINCT fingerprint) AS errors\n{SAID}"
            " AND step IS NOT NULL\nGROUP BY step\nORDER BY jobs DESC, step\nLIMIT 50",
        ),
        Panel(
            "Where messages come from",
            "piechart",
            "Annotations, logs, or none",
            "short",
            "/errors",
            "SELECT source, COUNT(*) AS messages\nFROM failures\n"
            "WHERE {range time} AND {repos repoid}\nGROUP BY source\n"
            "ORDER BY messages DESC, source",
        ),
    ),
)
