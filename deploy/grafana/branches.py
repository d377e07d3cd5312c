"""How the default branches stand now."""

from deploy.grafana.panels import Board, Panel, stat

RED = "FROM main_red\nWHERE {repos repoid}"
RUN = {"workflow": "/runs/${__data.fields.provider}/${__data.fields.rungitid}"}

BRANCHES = Board(
    "main",
    "Main now",
    "Which default branches are red, since when and by whose commit, and how long others were",
    (
        stat(
            "Red workflows",
            "Workflows whose newest run on the default branch failed",
            "short",
            "/",
            f"SELECT COUNT(*) AS workflows\n{RED}",
            red_from=1,
        ),
        stat(
            "Red repositories",
            "Repositories with such a workflow",
            "short",
            "/",
            f"SELECT COUNT(DISTINCT repoid) AS repositories\n{RED}",
            red_from=1,
        ),
        stat(
            "Watched workflows",
            "Workflows in use that ever ran on the default branch",
            "short",
            "/",
            "SELECT COUNT(*) AS workflows\nFROM main_now\nWHERE {repos repoid}",
        ),
        stat(
            "Red for longest",
            "For how long the oldest of them is red, at the end of the range",
            "s",
            "/",
            f"SELECT MAX({{age since}}) AS seconds\n{RED}",
            red_from=86400,
        ),
        stat(
            "Turned red",
            "How often a default branch turned red in the range",
            "short",
            "/figures",
            "SELECT COUNT(*) AS times\nFROM redperiods\nWHERE {range redtime} AND {repos repoid}",
        ),
        stat(
            "Time to green",
            "How long a default branch that turned red in the range stayed so, on average",
            "s",
            "/figures",
            "SELECT AVG({between redtime greentime}) AS seconds\nFROM redperiods\n"
            "WHERE {range redtime} AND {repos repoid} AND greentime IS NOT NULL",
        ),
        Panel(
            "Red now",
            "table",
            "Each red workflow: since when, whose commit came first, the last good run before",
            "short",
            "/",
            "SELECT repository, workflow, conclusion, {age since} AS red_for, author,\n"
            f"  commithash, goodtime, provider, rungitid\n{RED}\n"
            "ORDER BY since, repository, workflow\nLIMIT 100",
            width=24,
            units={"red_for": "s", "goodtime": "dateTimeAsIso"},
            links=RUN,
        ),
        Panel(
            "All workflows",
            "table",
            "The newest run of each workflow on its default branch that ended well or failed",
            "short",
            "/",
            "SELECT repository, workflow, branchname, conclusion, {age createtime} AS age,\n"
            "  runtime, provider, rungitid\nFROM main_now\nWHERE {repos repoid}\n"
            "ORDER BY conclusion, repository, workflow\nLIMIT 500",
            width=24,
            units={"age": "s", "runtime": "s"},
            links=RUN,
        ),
        Panel(
            "Turned red",
            "timeseries",
            "How often default branches turned red in each interval",
            "short",
            "/figures",
            "SELECT {bucket redtime} AS time, COUNT(*) AS times\nFROM redperiods\n"
            "WHERE {range redtime} AND {repos repoid}\nGROUP BY 1\nORDER BY 1",
        ),
        Panel(
            "Red periods",
            "table",
            "Since when and for how long default branches were red, the longest first",
            "short",
            "/figures",
            "SELECT repos.name AS repository, redperiods.branchname, redtime, greentime,\n"
            "  {between redtime greentime} AS seconds\nFROM redperiods\n"
            "JOIN repos ON repos.Id = redperiods.repoid\n"
            "WHERE {range redtime} AND {repos repoid} AND greentime IS NOT NULL\n"
            "ORDER BY seconds DESC, redtime, repository\nLIMIT 50",
            units={"redtime": "dateTimeAsIso", "greentime": "dateTimeAsIso", "seconds": "s"},
        ),
    ),
)
