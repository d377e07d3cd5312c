"""Long names, and such as are written from right to left, in a real browser."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from engines import connect
from schema import migrate
from store.rollups.spans import RollupPlan
from tests.dashboard import stored
from tests.dashboard.browsing import UTC_NOON, Place, opened, served
from tests.dashboard.conftest import NOW
from tests.dashboard.settings import settings_for
from tests.store.rollups.making import make_all

LONG = "very-long-word-" * 12 + "l" * 255
HEBREW = "\u05d1\u05d3\u05d9\u05e7\u05d4"
PAGES = ("/errors", "/figures?by=job", "/flakes", "/pools", "/deliveries", "/health")


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Serve two flaky jobs: of a workflow with a long name, and of one in Hebrew."""
    folder = tmp_path_factory.mktemp("named")
    url = f"sqlite:///{folder}/store.db"
    migrate.upgrade(url)
    writer = connect(url)
    repoid = stored.repo(writer)
    for number, name in enumerate((LONG, HEBREW)):
        own = {"workflowname": name, "branchname": name}
        own["commithash"] = f"{number:040x}"
        flow = {**own, "workflowgitid": number + 1}
        begun = NOW - timedelta(hours=2 + number)
        gitid = stored.run(writer, repoid, begun, title=name, conclusion="failure", **flow)
        for attempt, ended in enumerate(("failure", "success"), 1):
            own |= {"name": f"{name} 1", "runnername": name, "labels": f'["{name}"]'}
            job = stored.job(writer, repoid, gitid, begun, conclusion=ended, attempt=attempt, **own)
        stored.reason(
            writer, repoid, gitid, job, time=begun, fingerprint=f"3:{number}", message=name
        )
        stored.commit(writer, repoid, f"{number:040x}", begun, message=name, author=name)
        said = {"error": f"{name}: {name}", "repo": f"octo/{name}", "action": name[:60]}
        stored.delivery(writer, begun, "quarantined", **said)
    settings = settings_for(url, folder)
    make_all(writer, RollupPlan(UTC_NOON), NOW)
    writer.dispose()
    with served(settings, NOW, PAGES) as place:
        yield place


@pytest.mark.parametrize("width", [1280, 1000, 390])
def test_long_name_pushes_no_figure_off_its_card(
    browser: Browser, named: Place, complaints: list[str], width: int
):
    page = opened(browser, named, complaints, viewport={"width": width, "height": 800})
    for path in named.paths:
        page.goto(path)
        tables = page.locator(".scroll:has(table)")
        assert tables.count() > 0, path
        for table in tables.all():
            over = table.evaluate("one => one.scrollWidth - one.clientWidth")
            assert over <= 0, (path, over)
    assert complaints == []


def test_long_names_leave_a_row_of_runs_low(browser: Browser, named: Place, complaints: list[str]):
    page = opened(browser, named, complaints, viewport={"width": 1280, "height": 800})
    page.goto("/runs")
    box = page.locator(".row").first.bounding_box()
    assert box is not None
    assert box["height"] < 240


def test_what_follows_a_hebrew_name_stands_to_its_right(
    browser: Browser, named: Place, complaints: list[str]
):
    page = opened(browser, named, complaints, viewport={"width": 1280, "height": 800})
    page.goto("/runs")
    name = page.locator(f'.row .name .who a:has-text("{HEBREW}")')
    number = name.evaluate(
        "link => { const range = document.createRange(); range.selectNode(link.nextSibling);"
        " return [range.toString().trim(), range.getBoundingClientRect().left] }"
    )
    box = name.bounding_box()
    assert box is not None
    assert number[0] == "#7"
    assert number[1] >= box["x"] + box["width"] - 1


def test_date_beside_a_hebrew_author_is_in_one_piece(
    browser: Browser, named: Place, complaints: list[str]
):
    page = opened(browser, named, complaints, viewport={"width": 1280, "height": 800})
    page.goto("/runs")
    page.locator(f'.row .open:has-text("{HEBREW}")').click()
    place = page.locator(".note time").evaluate(
        "one => { const range = document.createRange(); range.selectNodeContents(one);"
        " return [one.textContent, range.getClientRects().length, one.getBoundingClientRect().left,"
        " one.previousSibling.textContent] }"
    )
    assert place[:2] == ["10 Mar 06:30", 1]
    title = page.locator("h1 small").evaluate(
        "one => { const range = document.createRange(); range.selectNode(one.lastChild);"
        " return [range.toString().trim(), range.getBoundingClientRect().left,"
        " one.firstElementChild.getBoundingClientRect().right] }"
    )
    assert title[0] == "#7"
    assert title[1] >= title[2] - 1
