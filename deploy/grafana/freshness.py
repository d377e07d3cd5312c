"""Whether what is shown is up to date and complete."""

from deploy.grafana.panels import Board, Panel, stat

RECEIVED = "FROM deliveries\nWHERE {range receivetime}"

FRESHNESS = Board(
    "freshness",
    "Freshness",
    "Whether the store hears of everything: deliveries, health, audits, feeds, messages",
    (
        stat(
            "Last delivery",
            "How long before the end of the range the last webhook was received",
            "s",
            "/health",
            f"SELECT MIN({{age receivetime}}) AS seconds\n{RECEIVED}",
            red_from=21600,
        ),
        stat(
            "Deliveries",
            "Webhooks that were received in the range; raw ones are kept for 30 days",
            "short",
            "/health",
            f"SELECT COUNT(*) AS deliveries\n{RECEIVED}",
        ),
        stat(
            "Quarantined",
            "Deliveries that could not be read, kept until they are replayed",
            "short",
            "/health",
            "SELECT COUNT(*) AS deliveries\nFROM deliveries\nWHERE state = 'quarantined'",
            red_from=1,
        ),
        stat(
            "Not good",
            "What the listener watches over and found not to be good",
            "short",
            "/health",
            "SELECT COUNT(*) AS conditions\nFROM health\nWHERE state <> 'good'",
            red_from=1,
        ),
        stat(
            "Missing",
            "What the audits of the range found missing",
            "short",
            "/health",
            "SELECT COALESCE(SUM(missing), 0) AS missing\nFROM audits\nWHERE {range audittime}",
            red_from=1,
        ),
        stat(
            "Messages not sent",
            "Messages of red branches that did not surely reach anybody",
            "short",
            "/health",
            "SELECT COUNT(*) AS messages\nFROM alerts\nWHERE state IN ('failed', 'unsure')",
            red_from=1,
        ),
        Panel(
            "Deliveries by state",
            "timeseries",
            "Webhooks of each interval: applied, quarantined, or ignored",
            "short",
            "/health",
            "SELECT {bucket receivetime} AS time,\n"
            "  SUM(CASE WHEN state = 'applied' THEN 1 ELSE 0 END) AS applied,\n"
            "  SUM(CASE WHEN state = 'quarantined' THEN 1 ELSE 0 END) AS quarantined,\n"
            "  SUM(CASE WHEN state = 'ignored' THEN 1 ELSE 0 END) AS ignored\n"
            f"{RECEIVED}\nGROUP BY 1\nORDER BY 1",
            is_stacked=True,
        ),
        Panel(
            "Until a delivery is applied",
            "timeseries",
            "Mean and longest time from the receipt of a webhook to its rows",
            "s",
            "/health",
            "SELECT {bucket receivetime} AS time, AVG({between receivetime applytime}) AS mean,\n"
            "  MAX({between receivetime applytime}) AS longest\n"
            f"{RECEIVED} AND applytime IS NOT NULL\nGROUP BY 1\nORDER BY 1",
        ),
        Panel(
            "Health",
            "table",
            "What the listener watches over, what is bad first",
            "short",
            "/health",
            "SELECT subject, name, state, detail, {age changetime} AS since,"
            " {age checktime} AS checked\nFROM health\n"
            "ORDER BY CASE state WHEN 'bad' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END,"
            " subject, name\nLIMIT 200",
            units={"since": "s", "checked": "s"},
        ),
        Panel(
            "Quarantined deliveries",
            "table",
            "What could not be read, and why; `local-database.py --replay` tries it again",
            "short",
            "/health",
            "SELECT provider, guid, event, repo AS repository, {age receivetime} AS age, error\n"
            "FROM deliveries\nWHERE state = 'quarantined'\n"
            "ORDER BY receivetime DESC, guid\nLIMIT 50",
            units={"age": "s"},
            links={"guid": "/deliveries/${__data.fields.provider}/${__data.fields.guid}"},
        ),
        Panel(
            "Audits",
            "table",
            "The audits of the range: what the server lists, what is stored, what is missing",
            "short",
            "/health",
            "SELECT repos.name AS repository, audits.audittime, audits.door, audits.listed,"
            " audits.stored,\n  audits.missing\nFROM audits\n"
            "JOIN repos ON repos.Id = audits.repoid\n"
            "WHERE {range audits.audittime} AND {repos repoid}\n"
            "ORDER BY audits.missing DESC, audits.audittime DESC, repository\nLIMIT 100",
            units={"audittime": "dateTimeAsIso"},
        ),
        Panel(
            "Newest run",
            "table",
            "How long before the end of the range each repository's newest run was created",
            "s",
            "/health",
            "SELECT repo AS repository, MIN({age createtime}) AS age\nFROM workflowruns\n"
            "WHERE {range createtime} AND {repos repoid}\nGROUP BY repoid, repo\n"
            "ORDER BY age DESC, repository\nLIMIT 200",
        ),
        Panel(
            "Feeds",
            "table",
            "Loads of the feeds in the range, the newest first",
            "short",
            "/feeds",
            "SELECT feed, starttime, state, exitcode, linecount, changed, gone, error\n"
            "FROM load_history\nWHERE {range starttime}\n"
            "ORDER BY starttime DESC, feed\nLIMIT 100",
            width=24,
            units={"starttime": "dateTimeAsIso"},
        ),
    ),
)
