"""What Grafana and its data sources make of a query before a database sees it.

Read in pkg/tsdb/mysql/macros.go and grafana-postgresql-datasource/macros.go of grafana/grafana, and
in pkg/plugin of fr-ser/grafana-sqlite-datasource.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from deploy.grafana.spelling import ANY_REPO, DataSource

MACRO = re.compile(r"\$(__[_a-zA-Z0-9]+)\(([^)]*)\)")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
VARIABLES = {"bucket": "86400", "repo": ANY_REPO}
"""A day, and every repository."""


class Range(NamedTuple):
    """The time range of a dashboard, in UTC without a zone."""

    begin: datetime
    end: datetime

    @property
    def seconds(self) -> tuple[int, int]:
        """Both, in seconds since 1970."""
        begin, end = (int(one.replace(tzinfo=UTC).timestamp()) for one in self)
        return begin, end


class UnknownMacro(ValueError):
    """A query uses a macro that the data source does not know."""


def expand(
    source: DataSource, sql: str, shown: Range, variables: Mapping[str, str] = VARIABLES
) -> str:
    """Return a query as the database gets it. Raises UnknownMacro."""
    begin, end = shown.seconds
    values = {**variables, "__from": str(begin * 1000), "__to": str(end * 1000)}
    for name, value in values.items():
        for part in re.findall(rf"\$\{{{name}(?::\w+)?\}}|\${name}\b", sql):
            sql = sql.replace(part, value)
    macros = SPELLINGS.get(source.name, {})

    def expanded(match: re.Match[str]) -> str:
        if match[1] not in macros:
            raise UnknownMacro(f"{source.name} knows no macro ${match[1]}")
        return macros[match[1]](shown, *(part.strip() for part in match[2].split(",")))

    return MACRO.sub(expanded, sql)


def seconds_of(interval: str) -> int:
    """Return the seconds of '86400s' or '1d', quoted or not."""
    text = interval.strip("'\"")
    return int(text[:-1]) * UNITS[text[-1]]


def mysql_filter(shown: Range, column: str) -> str:
    """Return MySQL's $__timeFilter."""
    begin, end = shown.seconds
    return f"{column} BETWEEN FROM_UNIXTIME({begin}) AND FROM_UNIXTIME({end})"


def mysql_group(shown: Range, column: str, interval: str) -> str:
    """Return MySQL's $__timeGroup."""
    length = seconds_of(interval)
    return f"UNIX_TIMESTAMP({column}) DIV {length} * {length}"


def postgresql_moment(moment: datetime) -> str:
    """Return a time as PostgreSQL's macros write it."""
    return f"'{moment.isoformat()}Z'"


def postgresql_filter(shown: Range, column: str) -> str:
    """Return PostgreSQL's $__timeFilter."""
    begin, end = map(postgresql_moment, shown)
    return f"{column} BETWEEN {begin} AND {end}"


def postgresql_group(shown: Range, column: str, interval: str) -> str:
    """Return PostgreSQL's $__timeGroup."""
    length = seconds_of(interval)
    return f"floor(extract(epoch from {column})/{length})*{length}"


SPELLINGS: dict[str, dict[str, Callable[..., str]]] = {
    "mysql": {
        "__timeFilter": mysql_filter,
        "__timeGroup": mysql_group,
        "__timeTo": lambda shown, *_: f"FROM_UNIXTIME({shown.seconds[1]})",
    },
    "postgresql": {
        "__timeFilter": postgresql_filter,
        "__timeGroup": postgresql_group,
        "__timeTo": lambda shown, *_: postgresql_moment(shown.end),
    },
}
