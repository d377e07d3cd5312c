"""What the chart makes for the sidecar of Grafana's chart: dashboards, data source, rules."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy import chart
from deploy.grafana import alerts, dashboards
from tests.kubernetes.rendering import CHART, Object, objects, template

ALL = {
    "dashboards": {"enabled": True},
    "dataSource": {"enabled": True},
    "alerts": {"enabled": True},
}
ANNOTATION_BYTES = 262_144
"""What kubectl may note of an object that it applied; a ConfigMap may hold four times as much."""
MYSQL = "mysql+pymysql://runledger_dashboard@db.example.org/shark_dashboard_db"
CASES: dict[str, dict[str, Any]] = {
    "postgresql": {},
    "mysql": {"database": {"url": MYSQL, "readUrl": MYSQL, "bundled": {"enabled": False}}},
}


def maps(folder: Path, values: dict[str, Any]) -> dict[str, Object]:
    """Return Grafana's ConfigMaps, by the end of their names."""
    path = folder / "values.json"
    path.write_text(json.dumps(values), "utf-8")
    made = template(CHART, "--values", path)
    assert made.returncode == 0, made.stderr
    found = [each for each in objects(made.stdout) if each["kind"] == "ConfigMap"]
    named = {each["metadata"]["name"].partition("-grafana-")[2]: each for each in found}
    return {name: each for name, each in named.items() if name}


@pytest.mark.parametrize("engine", CASES)
def test_dashboards_and_rules_are_those_of_the_databases_engine(engine: str, tmp_path: Path):
    more = {"grafana": ALL, "serviceMonitor": {"enabled": True}}
    made = maps(tmp_path, {**CASES[engine], **more})
    boards = {path: text for path, text in dashboards.files().items() if path.parent.name == engine}
    boards |= {path: text for path, text in dashboards.files().items() if path.stem == "metrics"}
    assert set(made) == {path.stem for path in boards} | {"alerts", "data-source"}
    for path, text in boards.items():
        each = made[path.stem]
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert json.loads(each["data"][f"runledger-{path.name}"]) == json.loads(text)
        assert len(json.dumps(each)) < ANNOTATION_BYTES
    (rules,) = (text for path, text in alerts.files().items() if path.stem == engine)
    assert made["alerts"]["metadata"]["labels"]["grafana_alert"] == "1"
    assert json.loads(made["alerts"]["data"]["runledger-alerts.json"]) == json.loads(rules)


def test_nothing_is_made_unasked_and_no_metrics_without_a_monitor(tmp_path: Path):
    assert maps(tmp_path, {}) == {}
    made = maps(tmp_path, {"grafana": {"dashboards": {"enabled": True}}})
    assert set(made) == {"overview", "queue", "jobs", "errors", "main", "freshness"}


def test_panels_lead_to_the_pages_of_the_release(tmp_path: Path):
    values = {
        "grafana": {"dashboards": {"enabled": True, "labels": {"boards": "yes"}}},
        "ingress": {"enabled": True, "host": "ci.example.org"},
    }
    each = maps(tmp_path, values)["overview"]
    assert each["metadata"]["labels"]["boards"] == "yes"
    board = json.loads(each["data"]["runledger-overview.json"])
    (address,) = (var for var in board["templating"]["list"] if var["name"] == "dashboard_url")
    assert address["query"] == address["current"]["value"] == "https://ci.example.org"


@pytest.mark.parametrize(
    ("engine", "more", "wanted"),
    [
        (
            "postgresql",
            {"url": "ci-runledger-database:5432", "type": "grafana-postgresql-datasource"},
            {"sslmode": "disable", "postgresVersion": 1500},
        ),
        (
            "mysql",
            {"url": "db.example.org:3306", "type": "mysql"},
            {"timezone": "+00:00", "tlsAuthWithCACert": True},
        ),
    ],
)
def test_data_source_is_the_provisioned_one_at_the_databases_address(
    engine: str, more: dict[str, str], wanted: dict[str, Any], tmp_path: Path
):
    values = {"grafana": {"dataSource": {"enabled": True, "caFile": ""}}, **CASES[engine]}
    if engine == "mysql":
        values["grafana"]["dataSource"]["caFile"] = "/etc/runledger/ca.crt"
    each = maps(tmp_path, values)["data-source"]
    assert each["metadata"]["labels"]["grafana_datasource"] == "1"
    text = each["data"]["runledger-data-source.yaml"]
    (made,) = yaml.safe_load(text)["datasources"]
    path = dashboards.FOLDER / f"datasources/{engine}.yaml"
    (ours,) = yaml.safe_load(path.read_text("utf-8"))["datasources"]
    assert set(made) == set(ours)
    for key in ("uid", "type", "access", "editable"):
        assert made[key] == ours[key]
    assert made | more == made
    assert made["user"] == "runledger_dashboard"
    assert made["jsonData"] | wanted == made["jsonData"]
    assert made["jsonData"]["database"] == "shark_dashboard_db"
    assert made["secureJsonData"]["password"] == "$__file{/etc/runledger/read-password}"


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("a%40x@one:5433,two:5434/b", ("one:5433", "a@x", "b")),
        ("a@[fd00::15:5]/b%20c", ("[fd00::15:5]:5432", "a", "b c")),
        ("a@host/b?port=7777", ("host:7777", "a", "b")),
        ("a@host/b?sslmode=verify-full&host=other:6543", ("other:6543", "a", "b")),
    ],
)
def test_data_source_is_of_one_server_however_it_is_named(
    place: str, wanted: tuple[str, str, str], tmp_path: Path
):
    url = f"postgresql+psycopg://{place}"
    database = {"url": url, "readUrl": url, "bundled": {"enabled": False}}
    values = {"grafana": {"dataSource": {"enabled": True}}, "database": database}
    text = maps(tmp_path, values)["data-source"]["data"]["runledger-data-source.yaml"]
    (made,) = yaml.safe_load(text)["datasources"]
    assert (made["url"], made["user"], made["jsonData"]["database"]) == wanted


def test_grafana_reaches_the_bundled_database_where_it_is_let_in(tmp_path: Path):
    peer = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "grafana"}}}
    (tmp_path / "values.json").write_text(json.dumps({"networkPolicy": {"databaseFrom": [peer]}}))
    made = objects(template(CHART, "--values", tmp_path / "values.json").stdout)
    (policy,) = (
        each
        for each in made
        if (each["kind"], each["metadata"]["name"]) == ("NetworkPolicy", "ci-runledger-database")
    )
    assert policy["spec"]["ingress"][0]["from"][1:] == [peer]


def test_committed_files_are_the_generated_ones_and_no_others():
    kinds = ("sql/*.sql", "grafana/**/*.json", "prometheus-rules.yml")
    written = {path: path.read_text("utf-8") for kind in kinds for path in CHART.glob(kind)}
    assert written == chart.files()
