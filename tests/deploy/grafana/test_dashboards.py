"""The dashboards are what Grafana reads, and what `make docs` wrote."""

import json
import re
from itertools import combinations
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana import __main__ as command
from deploy.grafana.boards import BOARDS
from deploy.grafana.dashboards import FOLDER, dashboard, files
from deploy.grafana.metrics import METRICS, PROMETHEUS
from deploy.grafana.panels import COLUMNS, Panel, places
from deploy.grafana.spelling import SOURCES

MADE = [dashboard(board, source) for board in BOARDS for source in SOURCES.values()]
MADE.append(dashboard(METRICS, PROMETHEUS))
PANELS = [(board, panel) for board in (*BOARDS, METRICS) for panel in board.panels]
UNITS = {"short", "percent", "s", "dateTimeAsIso"}
CALL = re.compile(r"\$__\w+\([^)]*\(")
register_default_plugins()


def missing(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """List what a round trip through Grafana's types drops or changes."""
    if isinstance(ours, dict):
        return [
            lost
            for name, value in ours.items()
            for lost in missing(value, (theirs or {}).get(name), f"{path}.{name}")
        ]
    if isinstance(ours, list):
        pairs = enumerate(zip(ours, theirs or [None] * len(ours), strict=True))
        return [lost for i, (own, back) in pairs for lost in missing(own, back, f"{path}[{i}]")]
    return [] if ours == theirs else [f"{path}: {ours!r} became {theirs!r}"]


@pytest.mark.parametrize("made", MADE, ids=lambda made: made["uid"])
def test_dashboard_passes_through_grafanas_own_types_whole(made: dict):
    read = Dashboard.from_json(json.loads(json.dumps(made)))
    back = json.loads(JSONEncoder(sort_keys=True).encode(read))
    assert missing(made, back) == []


def test_a_key_that_grafana_does_not_know_is_seen():
    made = {**MADE[0], "colour": "red"}
    back = json.loads(JSONEncoder().encode(Dashboard.from_json(json.loads(json.dumps(made)))))
    assert missing(made, back) == [".colour: 'red' became None"]


def test_uids_are_unique_and_short_enough_for_grafana():
    uids = [made["uid"] for made in MADE]
    assert len(set(uids)) == len(uids) == 19
    assert [uid for uid in uids if len(uid) > 40 or not re.fullmatch(r"[a-z0-9-]+", uid)] == []


@pytest.mark.parametrize("made", MADE, ids=lambda made: made["uid"])
def test_ids_are_unique_and_panels_do_not_overlap(made: dict):
    panels = made["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        marks = [target["refId"] for target in panel["targets"]]
        assert len(set(marks)) == len(marks) > 0
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= COLUMNS
    for one, other in combinations((panel["gridPos"] for panel in panels), 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)


def shown_of(board: str, title: str) -> dict:
    (made,) = [made for made in MADE if made["uid"] == f"runledger-{board}-mysql"]
    return next(panel for panel in made["panels"] if panel["title"] == title)


def test_what_is_not_good_is_red():
    red = shown_of("main", "Red workflows")["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert red == [{"value": None, "color": "text"}, {"value": 1, "color": "red"}]
    runs = shown_of("overview", "Runs by conclusion")["fieldConfig"]
    assert runs["defaults"]["custom"]["stacking"]["mode"] == "normal"
    colours = {
        each["matcher"]["options"]: each["properties"][0]["value"]["fixedColor"]
        for each in runs["overrides"]
    }
    assert colours == {
        "success": "green", "failed": "red", "cancelled": "orange", "not_ended": "blue"
    }  # fmt: skip


def test_next_line_begins_below_the_highest_panel():
    low, high = (Panel("t", "stat", "d", "s", "/", "", width=12, height=h) for h in (4, 8))
    assert list(places((low, high, low))) == [(0, 0), (12, 0), (0, 8)]


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=lambda each: getattr(each, "title", ""))
def test_panel_says_what_it_is(board, panel):
    assert panel.title
    assert len(panel.description) > 10
    assert panel.unit in UNITS
    assert set(panel.units.values()) <= UNITS
    assert panel.page.startswith("/")


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_no_function_is_called_in_a_macros_argument(source):
    spelled = [source.spell(panel.sql) for _, panel in PANELS]
    assert [text for text in spelled if CALL.search(text)] == []


def test_a_call_in_a_macros_argument_would_be_seen():
    assert CALL.search("WHERE $__timeFilter(COALESCE(a, b))")
    assert not CALL.search("TIMESTAMPDIFF(SECOND, a, $__timeTo())")


@pytest.mark.parametrize("source", [SOURCES["mysql"], SOURCES["postgresql"]], ids=str)
def test_no_group_of_time_is_followed_by_a_comma(source):
    """PostgreSQL's plug-in would name such a column `time` once more."""
    spelled = [source.spell(panel.sql) for _, panel in PANELS]
    assert [text for text in spelled if re.search(r"\$__timeGroup\([^)]*\),", text)] == []


def test_committed_files_are_the_generated_ones_and_no_others():
    written = {path: path.read_text("utf-8") for path in (FOLDER / "dashboards").rglob("*.json")}
    assert written == files()


def test_command_writes_dashboards_that_lead_to_the_pages_of_an_address(tmp_path, capsys):
    told = command.main(["--to", str(tmp_path), "--dashboard-url", "https://ci.example.org/"])
    assert told == 0
    assert capsys.readouterr().out == f"19 dashboards written to {tmp_path}\n"
    made = json.loads((tmp_path / "sqlite/overview.json").read_text())
    (address,) = [each for each in made["templating"]["list"] if each["name"] == "dashboard_url"]
    assert address["query"] == "https://ci.example.org"


def test_command_refuses_what_is_no_address(tmp_path, capsys):
    with pytest.raises(SystemExit):
        command.main(["--to", str(tmp_path), "--dashboard-url", "ci.example.org"])
    assert "--dashboard-url: an address begins with http" in capsys.readouterr().err
