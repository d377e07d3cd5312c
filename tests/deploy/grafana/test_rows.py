"""Each panel's statement, as Grafana sends it, gives the same rows on every engine.

The rows are in rows.json; `python -m tests.deploy.grafana.write_rows` writes them anew.
"""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from deploy.grafana.boards import BOARDS
from deploy.grafana.macros import VARIABLES, Range, expand
from deploy.grafana.panels import Panel
from tests.deploy.grafana.conftest import DAY, SHOWN, ask, source_of

ROWS = Path(__file__).with_name("rows.json")
BY_TITLE = {
    f"{board.name}: {each.title} ({each.kind})": each for board in BOARDS for each in board.panels
}


def plain(value: Any) -> Any:
    """Return a value alike for all engines: numbers to four digits, times to the second."""
    if isinstance(value, datetime | date):
        return value.isoformat(" ", "seconds") if isinstance(value, datetime) else str(value)
    if isinstance(value, str) and value[4:5] == "-" and value[10:11] == " ":
        return value[:19]
    return round(float(value), 4) if isinstance(value, Decimal | float | int) else value


def rows_of(engine: sa.Engine, panel: Panel) -> list[list[Any]]:
    return [[plain(value) for value in row] for row in ask(engine, panel.sql)]


def test_every_panel_has_the_rows_that_are_written_down(engine: sa.Engine):
    shown = {title: rows_of(engine, panel) for title, panel in BY_TITLE.items()}
    assert shown == json.loads(ROWS.read_text("utf-8"))


def test_no_panel_is_written_down_without_a_row():
    empty = [title for title, rows in json.loads(ROWS.read_text("utf-8")).items() if not rows]
    assert empty == []


@pytest.mark.parametrize("days", [0, 1 / 1440, 365])
@pytest.mark.parametrize("begin", [DAY, datetime(2031, 1, 1)])
@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)  # which divides by no zero
def test_every_panel_has_an_answer_over_a_moment_a_year_and_where_nothing_was(
    engine: sa.Engine, begin: datetime, days: float
):
    shown = Range(begin, begin + timedelta(days=days))
    answers = {title: ask(engine, panel.sql, shown) for title, panel in BY_TITLE.items()}
    stats = [rows for title, rows in answers.items() if title.endswith("(stat)")]
    assert [len(rows) for rows in stats] == [1] * len(stats)


def counted(title: str) -> Any:
    return json.loads(ROWS.read_text("utf-8"))[title]


def test_rows_are_those_that_one_counts_by_hand():
    assert counted("overview: Runs (stat)") == [[8]]
    # 301, 303, 306, 307 ended well; 302, 304 failed; 305 was cancelled, 308 waits.
    assert counted("overview: Ended well (stat)") == [[66.6667]]
    assert counted("overview: Run again (stat)") == [[25]]
    assert counted("queue: Waiting (stat)") == [[1]]
    assert counted("queue: Waits longest (stat)") == [[7200]]
    # test of run 303 failed at its first attempt and passed at the second, on one commit.
    assert counted("jobs: Flaky jobs (table)") == [["o/app", "CI", "test", 1]]
    assert counted("errors: Different errors (stat)") == [[1]]
    assert counted("main: Time to green (stat)") == [[7200]]
    assert counted("freshness: Last delivery (stat)") == [[4320 * 60 - 1500 * 60]]


def test_chosen_repositories_are_those_that_are_shown(engine: sa.Engine):
    panel = BY_TITLE["overview: Runs (stat)"]
    chosen = ("'o/app'", "'o/lib'", "'o/app','o/lib'", "'none'", VARIABLES["repo"])
    source = source_of(engine)
    with engine.connect() as connection:
        counts = [
            connection.exec_driver_sql(
                expand(source, source.spell(panel.sql), SHOWN, {**VARIABLES, "repo": names})
            ).scalar()
            for names in chosen
        ]
    assert counts == [6, 2, 8, 0, 8]


@pytest.mark.parametrize("engine_name", ["mysql", "postgresql"], indirect=True)
def test_all_repositories_are_no_condition_to_a_server(engine: sa.Engine):
    """It would look through the whole history of each, where a range of time is asked for."""
    source = source_of(engine)
    panel = BY_TITLE["overview: Runs (stat)"]
    text = expand(source, source.spell(panel.sql), SHOWN)
    with engine.connect() as connection:
        plan = str(connection.exec_driver_sql(f"EXPLAIN {text}").fetchall())
    assert "workflowruns" in plan
    assert "repos" not in plan


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_server_in_another_zone_shows_other_days_without_the_zone_that_is_provisioned(
    engine: sa.Engine,
):
    panel = BY_TITLE["overview: Runs by conclusion (timeseries)"]
    right = [(row[0], sum(row[1:])) for row in ask(engine, panel.sql)]
    wrong = [(row[0], sum(row[1:])) for row in ask(engine, panel.sql, zone="+05:00")]
    first, second, third = (1795132800 + 86400 * number for number in range(3))
    assert right == [(first, 3), (second, 4), (third, 1)]
    assert wrong == [(first, 5), (second, 2), (third, 1)]
