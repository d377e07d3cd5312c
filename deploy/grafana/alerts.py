"""Alert rules of Grafana's own, on the same statements, for who has no Prometheus."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from deploy.grafana.dashboards import FOLDER
from deploy.grafana.spelling import SOURCES, DataSource

EXPRESSION = "__expr__"


class Alert(NamedTuple):
    """A rule: it fires for each row whose figure is over the limit for as long as `lasts`."""

    name: str
    title: str
    severity: str
    summary: str
    sql: str
    over: float
    lasts: str = "5m"
    hours: int = 24
    without_rows: str = "OK"


ALERTS = (
    Alert(
        "red",
        "A default branch is red",
        "warning",
        "{{ $labels.repository }}: {{ $labels.workflow }} is red on the default branch",
        "SELECT repository, workflow, {age since} AS seconds\nFROM main_red",
        over=300,
    ),
    Alert(
        "red-for-a-day",
        "A default branch is red for a day",
        "critical",
        "{{ $labels.repository }}: {{ $labels.workflow }} is red for more than a day",
        "SELECT repository, workflow, {age since} AS seconds\nFROM main_red",
        over=86400,
    ),
    Alert(
        "many-runs-fail",
        "Most runs fail",
        "warning",
        "{{ $labels.repository }}: more than half of a day's runs failed",
        "SELECT repo AS repository,\n"
        "  100.0 * SUM(CASE WHEN {failed} THEN 1 ELSE 0 END) / COUNT(*) AS percent\n"
        "FROM workflowruns\nWHERE {range createtime} AND ({passed} OR {failed})\n"
        "GROUP BY repoid, repo\nHAVING SUM(CASE WHEN {failed} THEN 1 ELSE 0 END) >= 10",
        over=50,
        lasts="15m",
    ),
    Alert(
        "jobs-wait",
        "A job waits for a runner",
        "warning",
        "A job with the labels {{ $labels.labels }} waits for more than an hour",
        "SELECT COALESCE(labels, 'none') AS labels, MAX({age createtime}) AS seconds\n"
        "FROM own_jobs\nWHERE {range createtime} AND status = 'queued'\n"
        "GROUP BY COALESCE(labels, 'none')",
        over=3600,
    ),
    Alert(
        "hears-nothing",
        "No webhook is received",
        "warning",
        "No webhook was received for more than six hours",
        "SELECT MIN({age receivetime}) AS seconds\nFROM deliveries\nWHERE {range receivetime}",
        over=6 * 3600,
        without_rows="Alerting",
    ),
    Alert(
        "quarantined",
        "A delivery could not be read",
        "warning",
        "{{ $values.A }} deliveries are quarantined; local-database.py --replay tries them again",
        "SELECT COUNT(*) AS deliveries\nFROM deliveries\nWHERE state = 'quarantined'",
        over=0,
    ),
    Alert(
        "missing",
        "An audit found something missing",
        "warning",
        "{{ $labels.repository }}: the newest audit of a day found {{ $values.A }} missing",
        "SELECT repos.name AS repository, audits.missing AS missing\nFROM audits\n"
        "JOIN repos ON repos.Id = audits.repoid\n"
        "JOIN (SELECT repoid, MAX(audittime) AS newest FROM audits\n"
        "  WHERE {range audittime} GROUP BY repoid) latest\n"
        "  ON latest.repoid = audits.repoid AND latest.newest = audits.audittime",
        over=0,
    ),
)


def rule(alert: Alert, source: DataSource) -> dict[str, Any]:
    """Return a rule: the query A, and the limit B over it."""
    ref = {"type": EXPRESSION, "uid": EXPRESSION}
    condition = {
        "type": "query",
        "evaluator": {"type": "gt", "params": [alert.over]},
        "operator": {"type": "and"},
        "query": {"params": ["B"]},
        "reducer": {"type": "last", "params": []},
    }
    asked = {"refId": "A", **source.target(alert.sql, is_series=False)}
    limit = {"refId": "B", "type": "threshold", "expression": "A", "conditions": [condition]}
    return {
        "uid": f"runledger-{alert.name}-{source.name}",
        "title": f"{alert.title} ({source.name})",
        "condition": "B",
        "for": alert.lasts,
        "noDataState": alert.without_rows,
        "execErrState": "Error",
        "labels": {"severity": alert.severity},
        "annotations": {"summary": alert.summary},
        "data": [
            {
                "refId": "A",
                "datasourceUid": source.uid,
                "relativeTimeRange": {"from": alert.hours * 3600, "to": 0},
                "model": asked,
            },
            {
                "refId": "B",
                "datasourceUid": EXPRESSION,
                "relativeTimeRange": {"from": 0, "to": 0},
                "model": {**limit, "datasource": ref},
            },
        ],
    }


def provisioned(source: DataSource) -> dict[str, Any]:
    """Return the file of a data source's rules."""
    rules = [rule(alert, source) for alert in ALERTS]
    group = {"orgId": 1, "name": "runledger", "folder": "Runledger", "interval": "5m"}
    return {"apiVersion": 1, "groups": [{**group, "rules": rules}]}


def files(folder: Path = FOLDER / "alerting") -> dict[Path, str]:
    """Return the rules with their text, by their file: one for each data source.

    Grafana puts variables of its environment in, where a file says $NAME: what is meant is $$.
    """
    return {
        folder / f"{source.name}.json": json.dumps(provisioned(source), indent=1).replace("$", "$$")
        + "\n"
        for source in SOURCES.values()
    }
