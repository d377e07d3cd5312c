"""Values as people read them, percentiles, timelines, and the address of a new issue."""

from datetime import date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard.view import charts, formats
from dashboard.view.new_issue_link import error_issue_link, new_issue_link
from dashboard.view.timeline import draw_timeline
from store.reads.runs import Job, Repo
from store.rollups.night_summary import NightFailure

BEGIN = datetime(2026, 3, 10, 2)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "\u2013"),
        (0, "0 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (7500, "2 h 05 min"),
        (86_400 * 3 + 3600 * 4, "3 d 4 h"),
    ],
)
def test_span_is_read_in_its_two_greatest_units(seconds: float | None, text: str):
    assert formats.span(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-7200, "in the future"),
        (-60, "just now"),
        (0, "just now"),
        (50, "1 min ago"),
        (300, "5 min ago"),
        (7200, "2 h ago"),
        (259_200, "3 d ago"),
    ],
)
def test_age_is_read_in_its_greatest_unit(seconds: int, text: str):
    assert formats.ago(BEGIN - timedelta(seconds=seconds), BEGIN) == text


def test_night_is_called_by_both_its_days():
    assert formats.night_span(date(2026, 11, 28)) == "27-28 Nov"
    assert formats.night_span(date(2026, 12, 1)) == "30 Nov - 1 Dec"


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/x",
        "javascript:alert(1)",
        "//evil.example",
        "https:///x",
        "https://[",
        "data:text/html,x",
        "",
        None,
    ],
)
def test_link_that_is_not_https_is_none(url: str | None):
    assert formats.https(url) is None


def test_query_keeps_what_is_given_and_quotes_it():
    assert formats.query("/runs", repo="a/b", branch="x&y=<1>", author=None, q="") == (
        "/runs?repo=a%2Fb&branch=x%26y%3D%3C1%3E"
    )


@pytest.mark.parametrize(
    ("counts", "share", "value"),
    [
        ({}, 0.5, None),
        ({7: 1}, 0.99, 7),
        ({1: 1, 2: 1}, 0.5, 1),
        ({1: 1, 2: 1, 3: 1}, 0.5, 2),
        ({1: 90, 5: 9, 1374: 1}, 0.9, 1),
        ({1: 90, 5: 9, 1374: 1}, 0.99, 5),
    ],
)
def test_percentile_is_the_nearest_rank(counts: dict[int, int], share: float, value: float | None):
    assert charts.percentiles(counts, [share, share]) == [value, value]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 2), (3, 4), (9, 10), (10, 10), (11, 12), (109, 120), (5001, 6000)]
)
def test_scale_ends_at_a_number_that_is_easy_to_read(most: int, top: float):
    assert charts.round_up(most) == top


def test_stacked_bars_reach_from_the_ground_to_their_sum():
    days = [date(2026, 3, 9), date(2026, 3, 10)]
    drawn = charts.draw_bars(
        charts.day_points(days),
        {"passed": [3, 0], "failed": [1, 0]},
        {"passed": "passed", "failed": "broke"},
        "no runs",
    )
    assert drawn.bars == (
        ("passed", "M7.000 47.50h36.000v142.50h-36.000z"),
        ("failed", "M7.000 0.00h36.000v47.50h-36.000z"),
    )
    assert [column.text for column in drawn.columns] == [
        "Mon 9 Mar: 3 passed, 1 broke",
        "Tue 10 Mar: no runs",
    ]


def test_line_has_a_gap_where_a_day_has_no_jobs():
    days = [date(2026, 3, day) for day in range(1, 6)]
    drawn = charts.draw_lines(charts.day_points(days), {"p50": [1, 2, None, 4, 5]})
    (line,), (dots,) = drawn.lines, drawn.dots
    # Five seconds are the top, and each one 38 pixels.
    assert line.path == "M10.000 152.00L30.000 114.00M70.000 38.00L90.000 0.00"
    assert dots.path == "M10.000 152.00h0M30.000 114.00h0M70.000 38.00h0M90.000 0.00h0"


def job(**values: object) -> Job:
    """Return a job that was created at BEGIN, waited 10 s and ran 90 s."""
    usual = dict.fromkeys(Job._fields)
    usual |= {
        "name": "test",
        "status": "completed",
        "conclusion": "success",
        "createtime": BEGIN,
        "starttime": BEGIN + timedelta(seconds=10),
        "endtime": BEGIN + timedelta(seconds=100),
        "inherited": False,
        "gated": False,
    }
    return Job(**{**usual, **values})


def test_timeline_has_waiting_and_running_in_shares_of_the_attempt():
    later = BEGIN + timedelta(seconds=200)
    line = draw_timeline([job(), job(endtime=later)], later)
    assert [lane.queued for lane in line.lanes] == [(0, 5), (0, 5)]
    assert [lane.running for lane in line.lanes] == [(5, 45), (5, 95)]
    assert line.seconds == 200


def test_timeline_of_a_running_attempt_ends_now():
    (lane,) = draw_timeline(
        [job(status="queued", conclusion=None, starttime=None, endtime=None)],
        BEGIN + timedelta(seconds=30),
    ).lanes
    assert (lane.queued, lane.running, lane.tone) == ((0, 100), None, "running")


@pytest.mark.parametrize(
    "values",
    [
        {"inherited": True},
        {"conclusion": "skipped"},
        {"starttime": BEGIN - timedelta(seconds=5), "endtime": BEGIN - timedelta(seconds=9)},
    ],
)
def test_timeline_draws_nothing_for_jobs_that_did_not_run_here(values: dict[str, object]):
    lane = draw_timeline([job(), job(**values)], BEGIN).lanes[1]
    assert (lane.queued, lane.running) == (None, None)


def repo(url: str) -> Repo:
    """Return a repository with this page."""
    return Repo(1, "github", "o/a", url, "main")


def test_new_issue_names_what_failed_and_mentions_nobody():
    failures = [
        NightFailure("Nightly", "test `@octocat`", "Compile", "https://github.com/o/a/actions/1")
    ]
    url = urlsplit(
        str(new_issue_link(repo("https://github.com/o/a"), date(2026, 3, 10), failures, []))
    )
    found = parse_qs(url.query)
    assert (url.netloc, url.path) == ("github.com", "/o/a/issues/new")
    assert found["title"] == ["Nightly failed: Nightly / test `@octocat`"]
    assert "job `test '@octocat'`, step `Compile`" in found["body"][0]


def test_new_issue_needs_a_page_and_a_failure():
    failure = NightFailure("Nightly", "test", None, None)
    assert new_issue_link(repo("http://github.com/o/a"), date(2026, 3, 10), [failure], []) is None
    assert new_issue_link(repo("https://github.com/o/a"), date(2026, 3, 10), [], []) is None


@pytest.mark.parametrize("word", ["long name ", "وظيفة طويلة ", "名前"])
def test_form_of_an_issue_is_no_longer_than_servers_take(word: str):
    name = word * 12
    failures = [
        NightFailure(f"{name}{number}", name, name, "https://github.com/o/a/1", name, f"5:{number}")
        for number in range(300)
    ]
    link = str(new_issue_link(repo("https://github.com/o/a"), date(2026, 3, 10), failures, []))
    assert len(link) <= 8000
    (body,) = parse_qs(urlsplit(link).query)["body"]
    shown = body.count("\n- `")
    assert f"- and {300 - shown} more" in body
    assert (shown > 1, body.count("Fingerprint: ")) == (True, shown)
    said = str(error_issue_link(repo("https://github.com/o/a"), "5:1", word * 900, ()))
    assert len(said) <= 8000
    assert "Fingerprint: `5:1`" in parse_qs(urlsplit(said).query)["body"][0]
