"""What Grafana is provisioned with: data sources, folders, and rules, as it reads them."""

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from deploy.grafana.alerts import ALERTS, EXPRESSION, files, provisioned
from deploy.grafana.dashboards import FOLDER
from deploy.grafana.spelling import SOURCES
from tests.deploy.grafana.conftest import ask

DATA_SOURCES = {
    path.stem: yaml.safe_load(path.read_text("utf-8"))["datasources"]
    for path in (FOLDER / "datasources").glob("*.yaml")
}
# Rows over the limit, of the store in conftest, and of it all.
FIRING = {"red": 1, "red-for-a-day": 1, "jobs-wait": 1, "hears-nothing": 1, "quarantined": 1}


def put_in(value: Any) -> Any:
    """Return a provisioned value as Grafana reads it: no variable is in its environment here.

    pkg/services/provisioning/values of grafana/grafana: parted at $$, each part expanded.
    """
    if isinstance(value, dict):
        return {name: put_in(each) for name, each in value.items()}
    if isinstance(value, list):
        return [put_in(each) for each in value]
    if not isinstance(value, str):
        return value
    return "$".join(re.sub(r"\$\{\w+\}|\$\w+", "", part) for part in value.split("$$"))


@pytest.mark.parametrize("name", SOURCES)
def test_rules_are_read_as_they_are_meant(name: str):
    path = FOLDER / f"alerting/{name}.json"
    assert path.read_text("utf-8") == files()[path]
    assert put_in(json.loads(path.read_text("utf-8"))) == provisioned(SOURCES[name])


def test_rules_have_uids_of_their_own_and_ask_provisioned_data_sources():
    groups = [provisioned(source)["groups"][0] for source in SOURCES.values()]
    rules = [rule for group in groups for rule in group["rules"]]
    uids = [rule["uid"] for rule in rules]
    assert len(set(uids)) == len(uids) == 21
    assert max(map(len, uids)) <= 40
    known = {made["uid"] for (made,) in DATA_SOURCES.values()} | {EXPRESSION}
    for rule in rules:
        assert {query["datasourceUid"] for query in rule["data"]} <= known
        assert rule["condition"] in [query["refId"] for query in rule["data"]]


def test_rules_fire_for_the_same_rows_on_every_engine(engine: sa.Engine):
    over = {
        alert.name: sum(1 for row in ask(engine, alert.sql) if row[-1] > alert.over)
        for alert in ALERTS
    }
    assert over == {"missing": 1, "many-runs-fail": 0} | FIRING


@pytest.mark.parametrize("name", ["mysql", "postgresql", "sqlite", "prometheus"])
def test_data_source_cannot_be_changed_and_holds_no_secret(name: str):
    (made,) = DATA_SOURCES[name]
    assert made["uid"] == f"runledger-{name}"
    assert made["editable"] is False
    secrets = made.get("secureJsonData", {})
    assert [text for text in secrets.values() if not text.startswith("$__file{")] == []


@pytest.mark.parametrize("name", SOURCES)
def test_data_source_is_of_the_type_that_the_dashboards_ask_for(name: str):
    assert DATA_SOURCES[name][0]["type"] == SOURCES[name].type


def test_mysql_is_asked_in_utc():
    assert DATA_SOURCES["mysql"][0]["jsonData"]["timezone"] == "+00:00"
