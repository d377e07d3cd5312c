"""What the first screen shows of a night with six errors and red branches, wide and narrow."""

import itertools
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # has none
from playwright.sync_api import Browser, Page, expect

from engines import connect
from schema import migrate
from store.rollups.spans import RollupPlan
from tests.dashboard import many_nights
from tests.dashboard.browsing import UTC_NOON, Place, opened, served
from tests.dashboard.settings import settings_for
from tests.store.rollups.making import make_all

NOW = many_nights.LAST_NIGHT + timedelta(hours=6)
TOKEN = "look after it well"
NIGHT = ".causes:not(.now)"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Serve the nights, with owners and the form."""
    folder = tmp_path_factory.mktemp("many")
    url = f"sqlite:///{folder}/store.db"
    migrate.upgrade(url)
    writer = connect(url)
    many_nights.fill(writer, 6)
    settings = settings_for(url, folder, GROUPS=many_nights.GROUPS, ACKNOWLEDGE_TOKEN=TOKEN)
    make_all(writer, RollupPlan(UTC_NOON, settings.groups), NOW)
    writer.dispose()
    with served(settings, NOW, ("/", "/errors/2:00001")) as place:
        yield place


def at(browser: Browser, place: Place, complaints: list[str], width: int, height: int) -> Page:
    """Open the first page in a window of this size."""
    page = opened(browser, place, complaints, viewport={"width": width, "height": height})
    page.goto("/")
    return page


def test_six_errors_and_the_matrix_fit_the_first_screen(
    browser: Browser, many: Place, complaints: list[str]
):
    page = at(browser, many, complaints, 1440, 900)
    assert page.locator(".now > ol > li").count() == 3
    assert page.locator(f"{NIGHT} > ol > li").count() == 6
    first_cell = page.locator(".matrix a.cell").first.bounding_box()
    assert first_cell is not None
    assert first_cell["y"] + first_cell["height"] <= 900
    cut = page.evaluate(
        "(s => s.scrollWidth - s.clientWidth)(document.querySelector('.frame .scroll'))"
    )
    assert cut == 0
    expect(page.locator(".older")).to_be_hidden()
    line = page.locator(f"{NIGHT} li").first
    for words in ("5 repositories", "Payments", "chat", "Run #500", "Re-run", "#45 open"):
        expect(line).to_contain_text(words)
    expect(page.locator(f"{NIGHT} li", has_text="expected 3 invoices")).to_contain_text("by Author")
    hidden = "all => all.map(p => p.scrollHeight - p.clientHeight + p.scrollWidth - p.clientWidth)"
    origins = page.locator(f"{NIGHT} > ol .origin").evaluate_all(hidden)
    assert origins == [0] * 6  # whose they are and who wrote it is not cut off
    months = page.locator(".matrix thead th:has(.mon)").all_inner_texts()
    days = page.locator(".matrix thead th .d").all_inner_texts()
    assert len(months) == 1 + sum(int(later) < int(day) for later, day in itertools.pairwise(days))
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("path", ["/", "/?nights=14"])
def test_table_that_goes_on_says_so_at_every_width(
    browser: Browser, many: Place, complaints: list[str], path: str
):
    page = at(browser, many, complaints, 1440, 900)
    page.goto(path)
    for width in range(330, 1700, 210):
        page.set_viewport_size({"width": width, "height": 900})
        cut = page.evaluate(
            "(s => s.scrollWidth - s.clientWidth)(document.querySelector('.frame .scroll'))"
        )
        is_said = page.locator(".older").is_visible()
        assert is_said or cut <= 0, width
        assert is_said <= (cut > -130), width
    page.context.close()


def test_phone_shows_the_newest_nights_and_says_that_there_are_more(
    browser: Browser, many: Place, complaints: list[str]
):
    page = at(browser, many, complaints, 390, 844)
    expect(page.locator(".older")).to_be_visible()
    assert page.locator(".matrix tbody th .own").first.is_hidden()
    expect(page.locator(".matrix thead th").first).to_contain_text("northwind-labs")
    newest = page.locator(".matrix td.last").first.bounding_box()
    assert newest is not None
    assert newest["x"] + newest["width"] < 390
    page.evaluate("document.querySelector('.frame .scroll').scrollLeft = 400")
    name = page.locator(".matrix tbody tr:not(.group) th").first.bounding_box()
    assert name is not None
    assert 0 <= name["x"] < 30
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.context.close()


def test_open_night_has_an_address_that_opens_it_again(
    browser: Browser, many: Place, complaints: list[str]
):
    page = at(browser, many, complaints, 1440, 900)
    page.locator(".matrix a.cell.failed").first.click()
    expect(page.locator("dialog[open] #detail h1")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/nights/\d+/2026-03-10$"))
    page.go_back()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page).to_have_url(f"{many.url}/")
    page.go_forward()
    expect(page.locator("dialog[open] #detail h1")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{many.url}/")
    page.go_forward()
    expect(page.locator("dialog[open] #detail h1")).to_be_visible()
    page.reload()
    expect(page.locator("#detail h1")).to_be_visible()
    page.go_back()
    expect(page.locator(".matrix")).to_be_visible()
    assert complaints == []
    page.context.close()


def test_search_filters_the_errors_and_the_matrix(
    browser: Browser, many: Place, complaints: list[str]
):
    page = at(browser, many, complaints, 1440, 900)
    page.get_by_label("Repository, job, step or error").fill("invoices")
    page.keyboard.press("Enter")
    expect(page.locator(f"{NIGHT} li")).to_have_count(1)
    expect(page.locator(".matrix tbody tr:not(.group)")).to_have_count(1)
    page.context.close()


def test_error_is_acknowledged_in_the_browser_without_a_script(
    browser: Browser, many: Place, complaints: list[str]
):
    page = opened(browser, many, complaints, java_script_enabled=False)
    page.goto("/")
    page.locator(f"{NIGHT} li", has_text="No space").get_by_role("link", name="Acknowledge").click()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.locator(".note", has_text="Acknowledged by Ada until Fri 13 Mar")).to_be_visible()
    page.goto("/")
    expect(page.locator(f"{NIGHT} li.known")).to_contain_text("acknowledged by Ada")
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_errors_on_the_first_page_and_the_form_have_no_barrier(
    browser: Browser, many: Place, complaints: list[str], scheme: str
):
    page = opened(browser, many, complaints, color_scheme=scheme)
    for path in many.paths:
        page.goto(path)
        assert Axe().run(page).response["violations"] == [], path
    page.context.close()
