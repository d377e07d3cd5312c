"""The rules for Prometheus, tried by its own promtool, name metrics that the pages have."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from deploy.grafana.metrics import METRICS
from schema.tables.alerts import alerts
from tests.alerts.conftest import NOW
from tests.dashboard import stored
from tests.dashboard.conftest import client as client
from tests.dashboard.conftest import engine as engine
from tests.dashboard.conftest import make_client as make_client
from tests.dashboard.conftest import text_of
from tests.own_code import ROOT

RULES = ROOT / "deploy/prometheus-rules.yml"
FOREIGN = {"up"}


def find_promtool() -> str:
    """Return the program; skips where it is not."""
    own = ROOT / "build/promtool"
    given = os.environ.get("PROMTOOL") or shutil.which("promtool")
    program = given or (str(own) if own.exists() else None)
    if program is None:
        pytest.skip("no promtool: make servers fetches it out of Debian's package prometheus")
    return program


def test_promtool_finds_the_rules_right(tmp_path: Path):
    command = [find_promtool(), "test", "rules", "deploy/prometheus-rules.test.yml"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_promtool_finds_the_queries_of_grafanas_panels_right(tmp_path: Path):
    """Each as a rule that records it: promtool reads no dashboards."""
    queries = [panel.sql for panel in METRICS.panels]
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(queries)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "p", "rules": rules}]}))
    command = [find_promtool(), "check", "rules", str(tmp_path / "rules.yml")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_promtool_finds_the_configuration_right():
    command = [find_promtool(), "check", "config", "--syntax-only", "deploy/prometheus.yml"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_promtool_finds_the_metrics_right(client: FlaskClient, engine: sa.Engine):
    repoid = stored.repo(engine)
    gitid = stored.run(engine, repoid, NOW, conclusion="failure")
    stored.job(engine, repoid, gitid, NOW)
    stored.delivery(engine, NOW)
    result = subprocess.run(
        [find_promtool(), "check", "metrics"],
        input=text_of(client, "/metrics"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_rules_name_metrics_that_there_are(client: FlaskClient, engine: sa.Engine):
    usual = {"turn": "red", "tries": 1, "duetime": NOW, "changetime": NOW, "target": "slack"}
    stored.put(engine, alerts, periodid=1, state="failed", **usual)
    told = set(re.findall(r"^# TYPE (\S+)", text_of(client, "/metrics"), re.MULTILINE))
    named = set(re.findall(r"\b(runledger_\w+)", RULES.read_text("utf-8")))
    queries = " ".join(panel.sql for panel in METRICS.panels)
    named |= {name.removesuffix("_bucket") for name in re.findall(r"runledger_\w+", queries)}
    assert named
    assert named <= told
