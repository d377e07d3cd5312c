"""The pages in a real browser over the demo's day: what it shows, asks for and complains about."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # has none
from playwright.sync_api import Browser, expect

from dashboard.static_export import export
from demo import day
from tests.dashboard.browsing import Place, opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1600])
def test_pages_fit_and_the_browser_has_nothing_to_complain_about(
    browser: Browser, place: Place, complaints: list[str], width: int, scheme: str
):
    page = opened(
        browser, place, complaints, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    for path in place.paths:
        assert page.goto(path).status == 200
        expect(page.locator("h1")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path
        page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
        # Nights and commits lie side by side however wide a screen is.
        cut = page.eval_on_selector_all(
            ".top nav, .scroll:not(:has(.matrix, .jobgrid))",
            "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)",
        )
        assert cut == [], path
        assert complaints == [], path
    page.context.close()


def test_titles_tell_open_tabs_apart(place: Place):
    client = place.app.test_client()
    by_title: dict[str, set[str]] = {}
    for path in place.paths:
        text = client.get(path, base_url=place.url).get_data(as_text=True)
        title = re.search("<title>(.*) · Runledger</title>", text)
        assert title is not None, path
        by_title.setdefault(title[1], set()).add(path.partition("?")[0])
    assert {title for title, paths in by_title.items() if len(paths) > 1} == set()
    assert {"Slower", "Runner pools", "Feeds", "CI · demo-org/app-1"} < by_title.keys()
    assert {"main · demo-org/app-1", "ubuntu-latest · Runner pool"} < by_title.keys()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_barrier(browser: Browser, place: Place, complaints: list[str], scheme: str):
    page = opened(browser, place, complaints, color_scheme=scheme)
    # Dark has other colours, and nothing else: a page with and without filters is the same then.
    paths = [one for one in place.paths if scheme == "light" or "?" not in one]
    for path in (*paths, "/flakes?colour=red", "/nowhere"):
        page.goto(path)
        page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
        found = Axe().run(page).response["violations"]
        assert found == [], (path, [(one["id"], one["nodes"][0]["html"]) for one in found])
    page.context.close()


def test_pages_work_without_javascript(browser: Browser, place: Place, complaints: list[str]):
    page = opened(browser, place, complaints, java_script_enabled=False)
    page.goto("/")
    page.locator(".matrix a.cell").first.click()
    expect(page).to_have_url(re.compile(r"/nights/\d+/2026-03-\d\d$"))
    expect(page.locator("#detail h1")).to_be_visible()
    page.goto("/runs")
    page.get_by_label("Branch").fill("patch-1")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"branch=patch-1"))
    branches = page.locator(".runs .branch code").all_inner_texts()
    assert set(branches) == {"patch-1"}
    assert complaints == []
    page.context.close()


def test_night_opens_beside_the_matrix_by_keyboard_alone(
    browser: Browser, place: Place, complaints: list[str]
):
    page = opened(browser, place, complaints)
    page.goto("/")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.matrix a')"):
            break
    page.keyboard.press("ArrowRight")
    focused = page.evaluate(
        "document.activeElement.getAttribute('aria-label') || document.activeElement.className"
    )
    assert "cell" in focused
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open] #detail h1")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.evaluate("document.activeElement.matches('.matrix a.cell')")
    assert complaints == []
    page.context.close()


def test_errors_are_shown_in_the_night_and_across_repositories(
    browser: Browser, place: Place, complaints: list[str]
):
    page = opened(browser, place, complaints)
    page.goto("/")
    page.locator(".matrix a.cell.failed").first.click()
    expect(page.locator("dialog[open] #detail h1")).to_be_visible()
    expect(page.locator("dialog[open] code.error, dialog[open] pre.error").first).to_be_visible()
    button = page.locator("dialog[open] a.button")
    assert button.get_attribute("href").startswith("https://github.com/demo-org/")
    assert complaints == []
    page.context.close()


def test_exported_pages_work_from_a_folder(
    browser: Browser, place: Place, complaints: list[str], tmp_path: Path
):
    app = place.app
    app.extensions["site"] = app.extensions["site"]._replace(is_static=True)
    try:
        export(app, tmp_path / "site")
    finally:
        app.extensions["site"] = app.extensions["site"]._replace(is_static=False)
    page = opened(browser, place._replace(url=tmp_path.as_uri()), complaints)
    page.goto((tmp_path / "site" / "index.html").as_uri())
    page.locator(".matrix a.cell.failed").first.click()
    expect(page.locator("#detail h1")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/nights/\d+/2026-03-\d\d\.html$"))
    for name in ("Runs", "Time", "Flakes", "Health", "Nights"):
        page.locator("nav").get_by_role("link", name=name, exact=True).click()
        expect(page.locator("nav a[aria-current=page]")).to_have_text(name)
        assert page.evaluate("getComputedStyle(document.querySelector('.top')).display") == "flex"
    assert complaints == []
    page.context.close()


def test_hostile_names_of_the_demo_run_nothing(
    browser: Browser, place: Place, complaints: list[str]
):
    page = opened(browser, place, complaints)
    page.on("dialog", lambda shown: complaints.append(f"{shown.type}: {shown.message}"))
    page.goto(f"/runs?branch={day.HOSTILE_BRANCH.replace('#', '%23')}".replace("+", "%2B"))
    page.locator(".runs .row a.open").first.click()
    expect(page.locator("main")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("main")).to_contain_text("<script>alert(1)</script>")
    assert complaints == []
    page.context.close()


def test_browser_itself_refuses_a_script_in_a_page(
    browser: Browser, place: Place, complaints: list[str]
):
    page = opened(browser, place, complaints)
    page.goto("/")
    page.evaluate(
        "const tag = document.createElement('script'); tag.text = 'window.ran = 1';"
        "document.body.append(tag);"
    )
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in one for one in complaints)
    page.context.close()
