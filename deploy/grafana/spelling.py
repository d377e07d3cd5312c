"""How each data source spells what a panel's statement says in braces.

{range c}    c lies in the time range that is looked at
{bucket c}   c's interval, as its first second since 1970; GROUP BY 1 follows
{age c}      seconds from c to the end of the range
{between a b}  seconds from a to b
{whole c}    c without what is behind its point
{repos c}    c is the Id of a repository that is chosen
{passed}     it ended well           {failed}  it failed
{open}       it has not begun
{mainline}   the run r is no proposal's, no errand of the vendor's, and of the repository itself

A macro's arguments end at its first closing bracket, so they are columns, never calls:
https://grafana.com/docs/grafana/latest/datasources/mysql/#macros
"""

import re
from typing import Any, NamedTuple

from schema.tables.main_views import OF_BRANCH, PROPOSALS

WORD = re.compile(r"\{(\w+)((?: [\w.]+)*)\}")
SAME = {
    "repos": "({0} IN (SELECT Id FROM repos WHERE name IN (${{repo:sqlstring}})))",
    "passed": "conclusion = 'success'",
    "failed": "conclusion IN ('failure', 'timed_out', 'startup_failure')",
    "open": "status IN ('queued', 'waiting', 'pending', 'requested')",
    "mainline": (
        f"r.headrepo IS NULL AND (r.event IS NULL OR r.event NOT IN ({PROPOSALS}))"
        " AND NOT EXISTS (SELECT 1 FROM workflows w WHERE w.provider = r.provider"
        f" AND w.gitid = r.workflowgitid AND NOT (1 = 1{OF_BRANCH}))"
    ),
}
ANY_REPO = "'')) OR (1 IN (1"
"""What stands for the chosen names when all are: Grafana puts it in as it is.

Servers see that it is always true and read by time: with the names of all, or a list of all Ids,
MySQL looks through the whole history of each repository.
"""


class DataSource(NamedTuple):
    """A data source: its plug-in's type, and how it spells each word."""

    name: str
    type: str
    words: dict[str, str]

    @property
    def uid(self) -> str:
        """The uid of the provisioned one."""
        return f"runledger-{self.name}"

    def spell(self, statement: str) -> str:
        """Return a statement in the data source's own words. Raises KeyError for an unknown one."""

        def spelled(match: re.Match[str]) -> str:
            columns = match[2].split()
            return (SAME | self.words)[match[1]].format(*columns) if columns else SAME[match[1]]

        return WORD.sub(spelled, statement)

    def target(self, statement: str, *, is_series: bool) -> dict[str, Any]:
        """Return the query of a panel, in the plug-in's own fields."""
        if self.name == "prometheus":
            kinds = {"range": is_series, "instant": not is_series}
            return {"expr": statement, "legendFormat": "__auto", "editorMode": "code", **kinds}
        sql = self.spell(statement)
        if self.name == "sqlite":
            kind = "time series" if is_series else "table"
            texts = {"queryText": sql, "rawQueryText": sql, "queryType": kind}
            return {**texts, "timeColumns": ["time"]}
        kind = "time_series" if is_series else "table"
        return {"rawSql": sql, "rawQuery": True, "editorMode": "code", "format": kind}


EPOCH = "CAST(strftime('%s', {0}) AS INTEGER)"
# The plug-in's own $__timeFilter compares what it calculates of a column, so that no index serves.
SQLITE = DataSource(
    "sqlite",
    "frser-sqlite-datasource",
    {
        "range": (
            "{0} BETWEEN datetime($__from / 1000, 'unixepoch')"
            " AND datetime($__to / 1000, 'unixepoch')"
        ),
        "bucket": EPOCH + " / $bucket * $bucket",
        "age": "($__to / 1000 - " + EPOCH + ")",
        "between": f"({EPOCH.replace('0', '1')} - {EPOCH})",
        "whole": "CAST({0} AS INTEGER)",
    },
)
MYSQL = DataSource(
    "mysql",
    "mysql",
    {
        "range": "$__timeFilter({0})",
        "bucket": "$__timeGroup({0}, '${{bucket}}s')",
        "age": "TIMESTAMPDIFF(SECOND, {0}, $__timeTo())",
        "between": "TIMESTAMPDIFF(SECOND, {0}, {1})",
        "whole": "FLOOR({0})",
    },
)
POSTGRESQL = DataSource(
    "postgresql",
    "grafana-postgresql-datasource",
    {
        "range": "$__timeFilter({0})",
        "bucket": "$__timeGroup({0}, '${{bucket}}s')",
        "age": "FLOOR(EXTRACT(EPOCH FROM (CAST($__timeTo() AS TIMESTAMP) - {0})))",
        "between": "FLOOR(EXTRACT(EPOCH FROM ({1} - {0})))",
        "whole": "FLOOR({0})",
    },
)
SOURCES = {source.name: source for source in (SQLITE, MYSQL, POSTGRESQL)}
"""By the name of the engine; MariaDB's is MySQL's."""
