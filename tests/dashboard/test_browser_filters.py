"""Every filter of the pages in a real browser, with JavaScript and without."""

import re
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.browsing import Place, opened


class Filter(NamedTuple):
    """A field of a page, what is chosen or typed, and what then stands in every found place."""

    path: str
    label: str
    value: str
    address: str
    places: str
    shown: str


CHOSEN = (
    Filter("/", "Last night", "passed", "status=passed", ".matrix td.last .cell", "passed"),
    Filter("/", "Last night", "warned", "status=warned", ".matrix td.last .cell", "warned"),
    Filter("/", "Group", "site", "group=site", ".matrix tbody tr:not(.group) th", "portal"),
    Filter("/", "Order", "name", "sort=name", ".matrix tbody tr:not(.group) th", "demo-org"),
    Filter("/", "Nights", "14", "nights=14", ".matrix thead .last", "last night"),
    Filter("/runs", "Result", "failure", "conclusion=failure", ".runs .row > .shape", "failed"),
    Filter("/runs", "Result", "running", "conclusion=running", ".empty", "Nothing here"),
    Filter("/time", "Runner", "Windows", "os=Windows", ".tables .card:first-child td b", ""),
)
TYPED = (
    Filter("/", "Repository, job", "portal", "q=portal", ".matrix tbody th[scope=row]", "portal"),
    Filter("/", "Repository, job", "TS2322", "q=TS2322", ".matrix tbody th[scope=row]", "app"),
    Filter("/runs", "Repository", "demo-org/app-1", "repo=", ".runs .name .who", "app-1"),
    Filter("/runs", "Workflow", "nightly", "workflow=", ".runs .name .who", "Nightly"),
    Filter("/runs", "Branch", "patch-1", "branch=", ".runs .branch code", "patch-1"),
    Filter("/runs", "Event", "schedule", "event=", ".runs .branch .who", "schedule"),
    Filter("/runs", "Actor", "stranger", "author=", ".runs .branch .who", "stranger"),
    Filter("/runs", "From", "2026-03-10", "since=", ".runs time", "10 Mar"),
    Filter("/runs", "To", "2026-03-09", "until=", ".runs time", "9 Mar"),
    Filter("/time", "Repository", "demo-org/portal", "repo=", ".tables .clip", ""),
    Filter("/time", "From", "2026-03-10", "since=", "h1 small", "Tue 10 Mar to Tue 10 Mar"),
    Filter("/flakes", "To", "2026-03-01", "until=", ".empty h2", "No job was flaky"),
)


@pytest.mark.parametrize("has_script", [True, False])
def test_every_filter_shows_its_result_and_stays_in_the_address(
    browser: Browser, place: Place, complaints: list[str], has_script: bool
):
    page = opened(browser, place, complaints, java_script_enabled=has_script)
    for one in (*CHOSEN, *TYPED):
        page.goto(one.path)
        field = page.locator("form.filters").get_by_label(re.compile(rf"^\s*{one.label}"))
        if one in CHOSEN:
            field.select_option(one.value)
        else:
            field.fill(one.value)
        # A choice shows its result at once; what is typed, and all without script, by the button.
        if not (has_script and (one in CHOSEN or one.label in ("From", "To"))):
            page.get_by_role("button", name="Show").click()
        expect(page).to_have_url(re.compile(re.escape(one.address)))
        check_found(page, one)
        kept = page.locator("form.filters").get_by_label(re.compile(rf"^\s*{one.label}"))
        expect(kept).to_have_value(one.value)
    assert complaints == []
    page.context.close()


def check_found(page: Page, one: Filter) -> None:
    """Fail unless every place shows what was asked for."""
    if not one.shown:
        expect(page.locator(".tables")).to_be_visible()
        return
    expect(page.locator(one.places).first).to_be_attached()
    for found in page.locator(one.places).all():
        told = f"{found.get_attribute('class')} {found.text_content()}"
        assert one.shown in told, one


def test_view_of_a_filter_is_the_same_for_who_is_sent_its_address(
    browser: Browser, place: Place, complaints: list[str]
):
    page = opened(browser, place, complaints)
    page.goto("/runs?conclusion=failed&event=schedule")
    first = page.locator(".runs").inner_text()
    other = opened(browser, place, complaints)
    other.goto(page.url)
    assert other.locator(".runs").inner_text() == first
    assert other.get_by_label("Event").input_value() == "schedule"
    page.context.close()
    other.context.close()


def test_address_that_is_kept_shows_the_last_days_tomorrow_too(
    browser: Browser, place: Place, complaints: list[str]
):
    page = opened(browser, place, complaints)
    page.goto("/errors")
    page.get_by_label("Order").select_option("last")
    expect(page).to_have_url(re.compile(r"/errors\?sort=last$"))
    page.get_by_label("From").fill("2026-03-10")
    expect(page).to_have_url(re.compile(r"/errors\?since=2026-03-10&sort=last$"))
    page.goto("/errors?days=7")
    page.get_by_label("Order").select_option("last")
    expect(page).to_have_url(re.compile(r"/errors\?since=2026-03-04&sort=last$"))
    page.goto("/figures?until=2026-03-09")  # the days before it are not the usual ones
    page.locator("select[name=by]").select_option("event")
    expect(page).to_have_url(re.compile(r"since=2026-02-08&until=2026-03-09&by=event"))
    page.context.close()


def test_browser_s_back_leads_to_a_page_whose_fields_say_what_it_shows(
    browser: Browser, place: Place, complaints: list[str]
):
    page = opened(browser, place, complaints)
    page.goto("/runs?event=schedule")
    whole = page.locator(".runs").inner_text()
    page.get_by_label("Event").fill("push")
    page.get_by_label("Result").select_option("failed")
    expect(page).to_have_url(re.compile("event=push&conclusion=failed"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/runs\?event=schedule$"))
    expect(page.get_by_label("Result")).to_have_value("")
    expect(page.get_by_label("Event")).to_have_value("schedule")
    assert page.locator(".runs").inner_text() == whole
    page.go_forward()
    expect(page.get_by_label("Result")).to_have_value("failed")
    page.context.close()


def test_date_is_written_and_a_choice_reached_by_keys_before_the_page_goes_on(
    browser: Browser, place: Place, complaints: list[str]
):
    page = opened(browser, place, complaints, locale="en-US")
    page.goto("/runs")
    page.get_by_label("From", exact=True).focus()
    page.keyboard.type("03102026")  # the year is valid from its first digit on: 0002
    expect(page.get_by_label("From", exact=True)).to_have_value("2026-03-10")
    page.get_by_label("Result").focus()
    while page.get_by_label("Result").input_value() != "running":
        page.keyboard.press("ArrowDown")
    assert page.url.endswith("/runs")
    page.get_by_label("From", exact=True).press("Enter")
    expect(page).to_have_url(re.compile(r"/runs\?conclusion=running&since=2026-03-10"))
    page.get_by_label("Result").click()  # by hand it goes on at once, though keys were used before
    page.get_by_label("Result").select_option("failed")
    expect(page).to_have_url(re.compile("conclusion=failed"))
    page.context.close()


@pytest.mark.parametrize("width", [1280, 1440])
def test_table_s_file_stands_beside_the_button(
    browser: Browser, place: Place, complaints: list[str], width: int
):
    page = opened(browser, place, complaints, viewport={"width": width, "height": 800})
    for path in ("/", "/runs", "/errors", "/figures", "/pools", "/slower", "/time", "/flakes"):
        page.goto(path)
        forms = page.locator("form.filters")
        button, sheet = (forms.locator(one).bounding_box() for one in ("button", "a.quiet"))
        assert button is not None, path
        assert sheet is not None, path
        assert abs(button["y"] + button["height"] - sheet["y"] - sheet["height"]) < 8, path
