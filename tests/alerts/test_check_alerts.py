"""Who is told of red default branches: what --check and --try-alerts say of it."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from config.settings import read
from listener import cli
from listener.check_alerts import alert_lines
from runtime.check_line import CheckLine
from schema.tables.alerts import alerts
from tests.alerts.conftest import NOW, Chat
from tests.dashboard import stored

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def lines(engine: sa.Engine, folder: Path, **environ: str) -> list[CheckLine]:
    """Return what is said of these settings."""
    return list(alert_lines(engine, read({}, environ, folder)))


@on_sqlite
def test_check_names_who_is_told_and_what_was_not(engine: sa.Engine, tmp_path: Path):
    (nobody,) = lines(engine, tmp_path)
    assert nobody.state.startswith("nobody is told")
    told = {"ALERT_SLACK_URL": "https://x.example/a", "DASHBOARD_URL": "https://ci.example"}
    assert lines(engine, tmp_path, **told) == [CheckLine("alerts", "told are slack")]
    usual = {"turn": "red", "tries": 1, "duetime": NOW, "changetime": NOW, "target": "slack"}
    for number, state in enumerate(("sent", "unsure", "failed", "failed")):
        stored.put(engine, alerts, periodid=number, state=state, **usual)
    assert [line.state for line in lines(engine, tmp_path, **told) if line.warning] == [
        f"2 to slack were not sent, the last at {NOW:%H:%M} UTC: see the log",
        f"1 to slack were perhaps sent, the last at {NOW:%H:%M} UTC: see the log",
    ]


def test_trial_reaches_each_who_is_told_and_hides_its_address(
    chat: tuple[str, type[Chat]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["--try-alerts"]) == 1
    assert "nobody is told of red default branches" in capsys.readouterr().out
    monkeypatch.setenv("ALERT_DISCORD_URL", chat[0])
    monkeypatch.setenv("ALERT_SLACK_URL", "http://127.0.0.1:1/hunter22")
    assert cli.main(["--try-alerts"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "WRONG slack: not told: ConnectionError",
        "ok    discord: it arrived",
    ]
    assert chat[1].told[0]["content"].startswith("**Runledger tries")
