"""The site of the lake: its figures, by hand, in the pages and in a browser that has no network."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from config.lake_place import LakeSettings
from lake import cli
from lake.catalog import open_lake
from lake.lake_tables import make_tables
from lake.site import build, cells, shown_figures
from tests.lake import lakes

HOSTILE = "x/</script><img src=x onerror=alert(1)>"
# provider, repoid, repo, run, event, workflow, conclusion, day
RUNS = (
    (1, "o/app", 11, "push", "CI", "success", "2026-03-01"),
    (1, "o/app", 12, "push", "CI", "failure", "2026-03-02"),
    (2, HOSTILE, 21, "schedule", "Nightly", "success", "2026-03-02"),
    (2, HOSTILE, 22, "push", "Nightly", "skipped", "2026-03-02"),
)
# run, name, labels, conclusion, seconds of waiting, seconds of running, inherited
JOBS = (
    (11, "build", '["ubuntu-24.04"]', "success", 10, 60, False),
    (11, "test", '["windows-2022"]', "success", 20, 120, False),
    (12, "build", '["ubuntu-24.04"]', "failure", 10, 20, False),
    (12, "test", '["windows-2022"]', "success", 20, 120, True),
    (21, "night", '["self-hosted","gpu"]', "success", 24, 600, False),
)


def fill(place: LakeSettings) -> None:
    """Make a lake with these rows."""
    with closing(open_lake(place, make=True)) as lake:
        make_tables(lake)
        for repoid, repo, run, event, workflow, conclusion, day in RUNS:
            lake.execute(
                'INSERT INTO workflowruns ("Id", provider, repoid, repo, gitid, event,'
                " workflowname, conclusion, status, createtime, workflowgitid, branchname, url)"
                " VALUES ($1, 'github', $2, $3, $1, $4, $5, $6, 'completed', $7, $2, 'main', $8)",
                [run, repoid, repo, event, workflow, conclusion, f"{day} 08:00:00",
                 "javascript:alert(1)" if repoid == 2 else "https://github.com/o/app"],
            )  # fmt: skip
        days = {run[2]: (run[0], run[1], run[4], run[6]) for run in RUNS}
        for number, (run, name, labels, conclusion, wait, ran, inherited) in enumerate(JOBS):
            repoid, repo, workflow, day = days[run]
            lake.execute(
                'INSERT INTO jobs ("Id", provider, gitid, rungitid, repoid, repo, workflowname,'
                " name, labels, conclusion, status, createtime, starttime, queuetime, runtime,"
                " inherited, gated, commithash)"
                " VALUES ($1, 'github', $1, $2, $3, $4, $5, $6, $7, $8,"
                " 'completed', $9, $9, $10, $11, $12, false, 'abc')",
                [number, run, repoid, repo, workflow, name, labels, conclusion, f"{day} 08:00:00",
                 wait, ran, inherited],
            )  # fmt: skip
        for repoid, repo, _, _, workflow, *_ in (RUNS[0], RUNS[2]):
            lake.execute(
                'INSERT INTO repos ("Id", provider, name, defaultbranch)'
                " VALUES ($1, 'github', $2, 'main')",
                [repoid, repo],
            )
            lake.execute(
                'INSERT INTO workflows ("Id", provider, gitid, repoid, name, state)'
                " VALUES ($1, 'github', $1, $1, $2, 'active')",
                [repoid, workflow],
            )
        for number in (1, 2):
            lake.execute(
                'INSERT INTO failures ("Id", provider, repoid, rungitid, jobgitid, fingerprint,'
                " kind, message, masked, time) VALUES ($1, 'github', 1, 12, $1, 'f', 'cause',"
                " '<b>boom</b>', 'boom', '2026-03-02 08:00:00')",
                [number],
            )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> LakeSettings:
    place = lakes.place_of(tmp_path_factory.mktemp("lake"))
    fill(place)
    return place


@pytest.fixture(scope="module")
def folder(place: LakeSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages") / "site"
    with closing(open_lake(place)) as lake:
        build.build(lake, folder)
    return folder


def elsewhere(url: str) -> list[str]:
    return [] if url.startswith("file:") else [url]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a page of a browser that complains of nothing."""
    complaints: list[str] = []
    context = browser.new_context(locale="en-US", timezone_id="America/New_York")
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda sent: complaints.extend(elsewhere(sent.url)))
    yield page
    context.close()
    assert complaints == []


def test_figures_are_those_of_the_rows(place: LakeSettings):
    with closing(open_lake(place)) as lake:
        shown = shown_figures.figures_of(cells.count_cells(lake, lakes.END.date()))
    assert [str(day) for day in shown.days[-2:]] == ["2026-03-01", "2026-03-02"]
    assert {tone: values[-2:] for tone, values in shown.runs.items()} == {
        "passed": [1, 1], "failed": [0, 1], "nothing": [0, 1]
    }  # fmt: skip
    # The inherited job ran in another attempt; a name is a job's first label, or all of its own.
    share = shown_figures.Share
    assert shown.tables["runner"] == [
        share("self-hosted, gpu", 1, 0, 600, 1, 24),
        share("windows-2022", 1, 0, 120, 1, 20),
        share("ubuntu-24.04", 2, 1, 80, 2, 20),
    ]
    assert shown.tables["repository"] == [
        share(HOSTILE, 1, 0, 600, 1, 24), share("o/app", 3, 1, 200, 3, 40),
    ]  # fmt: skip
    assert shown.tables["event"] == [
        share("schedule", 1, 0, 600, 1, 24), share("push", 3, 1, 200, 3, 40),
    ]  # fmt: skip
    assert [(one.name, one.jobs) for one in shown.tables["job"]] == [
        ("night", 1), ("test", 1), ("build", 2),
    ]  # fmt: skip
    assert shown.waits["p50"][-2:] == [10, 10]
    assert (shown.run_count, shown.whole.jobs, shown.whole.failed, shown.wait) == (4, 4, 1, 10)


def test_few_names_are_told_apart_where_cells_are_too_many(
    place: LakeSettings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cells, "CELLS", 8)
    with closing(open_lake(place)) as lake:
        small = cells.count_cells(lake, lakes.END.date())
    assert (len(small.days), sum(map(len, small.by.values())) <= 8) == (7, True)
    shown = shown_figures.figures_of(small)
    assert (shown.run_count, shown.whole) == (4, shown_figures.Share("", 4, 1, 800, 4, 64))
    assert None in small.names["job"]


def test_pages_hold_what_the_lake_has_as_text(folder: Path):
    main, errors = ((folder / name).read_text() for name in ("main.html", "errors.html"))
    assert "1 workflow red on main" in main
    assert main.index("o/app") < main.index("x/&lt;/script&gt;")
    assert "&lt;b&gt;boom&lt;/b&gt;" in errors
    for file in folder.glob("*.html"):
        assert "<img src=x" not in file.read_text()
        assert "javascript:" not in file.read_text()
        assert not re.findall(
            r'(?:src|href)="(?:https?:)?//(?!github\.com/o/app")', file.read_text()
        )
    script = (folder / "cells.js").read_text()
    assert (
        HOSTILE
        in json.loads(script.removeprefix("globalThis.cells = ").rstrip(";\n"))["names"][
            "repository"
        ]
    )
    assert not [file for file in folder.parent.iterdir() if file != folder]


def tiles(page: Page) -> list[str]:
    return page.locator(".tiles dd").all_inner_texts()


def test_filters_work_from_a_folder_without_a_network(page: Page, folder: Path):
    page.goto(f"file://{folder}/index.html")
    assert tiles(page) == ["4", "4", "1", "13", "10 s", "1 min 01 s"]
    written = page.locator("main").inner_html()
    charts = page.locator(".chart text").all_inner_texts()
    tables = page.locator(".tables tbody").all_inner_texts()
    # The script's own figures of the same choice are the written ones.
    page.evaluate("show()")
    assert page.locator("main").inner_html() != written
    assert tiles(page) == ["4", "4", "1", "13", "10 s", "1 min 01 s"]
    assert page.locator(".chart text").all_inner_texts() == charts
    assert page.locator(".tables tbody").all_inner_texts() == tables

    page.click("[data-sort=repository] summary")
    page.get_by_label("o/app").check()
    assert tiles(page) == ["2", "3", "1", "3", "10 s", "1 min 01 s"]
    page.click("[data-sort=runner] summary")
    page.get_by_label("windows-2022").check()
    assert tiles(page) == ["1", "1", "0", "2", "20 s", "2 min 01 s"]
    address = page.url
    page.fill("[name=since]", "2026-03-02")
    assert tiles(page) == ["0", "0", "0", "0", "–", "–"]
    page.click("button[type=reset]")
    page.locator("#job-count", has_text="4").wait_for()
    assert tiles(page) == ["4", "4", "1", "13", "10 s", "1 min 01 s"]
    # The choice can be sent as an address.
    page.goto(address)
    assert tiles(page) == ["1", "1", "0", "2", "20 s", "2 min 01 s"]


def test_all_pages_fit_a_phone_and_say_nothing_to_the_console(page: Page, folder: Path):
    page.set_viewport_size({"width": 390, "height": 800})
    for name in ("index", "main", "errors", "flakes", "history"):
        page.goto(f"file://{folder}/{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth") == 390, name
        # What is a list has a line for each cell: nothing is to be moved aside.
        for table in page.locator(".card.scroll").all():
            assert table.evaluate("each => each.scrollWidth <= each.clientWidth"), name


def test_command_writes_it_in_place_of_the_former_one_and_of_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["site", "pages"]) == 2
    assert "python3 lake.py sync makes it" in capsys.readouterr().err
    place = lakes.place_of(tmp_path)
    monkeypatch.setenv("LAKE_CATALOG", f"sqlite:{place.catalog}")
    monkeypatch.setenv("LAKE_DATA", place.data)
    with closing(open_lake(place, make=True)) as lake:
        make_tables(lake)
    assert cli.main(["site", "pages"]) == 0
    assert "No run is in the lake yet" in (tmp_path / "pages/index.html").read_text()
    (tmp_path / "pages/index.html").write_text("old")
    (tmp_path / "pages/old.html").write_text("old")
    assert cli.main(["site", "pages"]) == 0
    assert "No run" in (tmp_path / "pages/index.html").read_text()
    assert not (tmp_path / "pages/old.html").exists()

    # What fails leaves the former site as it was.
    (tmp_path / "pages/index.html").write_text("former")
    monkeypatch.setattr(build, "COPIED", (tmp_path / "nowhere",))
    assert cli.main(["site", "pages"]) == 2
    assert "pages cannot be written: No such file or directory" in capsys.readouterr().err
    assert (tmp_path / "pages/index.html").read_text() == "former"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["lake", "pages"]
    assert cli.main(["site", "lake"]) == 2
    assert "is not empty, and no site of the lake" in capsys.readouterr().err
    assert cli.main(["site"]) == 2
