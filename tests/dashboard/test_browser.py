"""The pages in a real browser over the demo's day: what it shows, asks for and complains about."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped] # has none
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from dashboard.app import create_app
from demo import day
from schema import migrate
from store import deliveries
from store.deliveries import Delivery
from store.engine import connect
from store.reads_connect import open_reader
from tests.dashboard import stored
from tests.dashboard.conftest import settings_for
from tests.fakegithub.world import Delivery as Sent

BEGAN = datetime(2026, 3, 9, 3)
NOW = BEGAN + timedelta(hours=30)
PAGES = (
    "/",
    "/?nights=60&q=test",
    "/runs",
    "/runs?conclusion=failed",
    "/time",
    "/flakes",
    "/health",
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


class Place(NamedTuple):
    """Where the pages are served, and the paths of a night and of runs."""

    url: str
    paths: tuple[str, ...]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Serve the demo's day."""
    folder = tmp_path_factory.mktemp("pages")
    url = f"sqlite:///{folder}/store.db"
    migrate.upgrade(url)
    writer = connect(url)
    world = day.day(BEGAN.replace(tzinfo=UTC))
    stored.fill(writer, world)
    with writer.begin() as connection:
        raw = [(raw_of(one), deliveries.APPLIED, None) for one in world.deliveries()]
        deliveries.save_all(connection, raw)
    with writer.connect() as connection:
        found = connection.exec_driver_sql("SELECT provider, gitid FROM workflowruns").all()
        repo = (
            connection.exec_driver_sql(
                "SELECT repoid FROM workflowruns"
                " WHERE event = 'schedule' AND conclusion = 'failure'"
            )
            .scalars()
            .first()
        )
    writer.dispose()
    reader = open_reader(settings_for(url, folder))
    app = create_app(settings_for(url, folder), reader, clock=lambda: NOW)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    runs = tuple(f"/runs/{provider}/{gitid}" for provider, gitid in found[-3:])
    night = f"/nights/{repo}/2026-03-10"
    yield Place(f"http://127.0.0.1:{server.server_port}", (*PAGES, night, *runs))
    server.shutdown()
    thread.join()
    reader.dispose()


def raw_of(sent: Sent) -> Delivery:
    """Return what a listener would keep of a delivery."""
    payload, received = sent.payload, sent.time.replace(tzinfo=None)
    name, body = payload["repository"]["full_name"], json.dumps(payload).encode()
    return Delivery("github", sent.guid, 1, sent.event, sent.action, name, received, body)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium: CHROMIUM, or the one on PATH."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "the pages' tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def complaints() -> list[str]:
    """Collect what the browser complains about and whom it asks for something else."""
    return []


def opened(browser: Browser, place: Place, complaints: list[str], **options: object) -> Page:
    """Open a page that notes its errors and every request that leaves the host."""
    page = browser.new_context(base_url=place.url, **options).new_page()
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(place.url) else complaints.append(asked.url),
    )
    return page


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
        assert complaints == [], path
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_serious_barrier(
    browser: Browser, place: Place, complaints: list[str], scheme: str
):
    page = opened(browser, place, complaints, color_scheme=scheme)
    for path in (one for one in place.paths if "?" not in one):
        page.goto(path)
        page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
        found = Axe().run(page).response["violations"]
        serious = [one["id"] for one in found if one["impact"] in ("serious", "critical")]
        assert serious == [], path
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


def test_filter_shows_its_result_and_stays_in_the_address(
    browser: Browser, place: Place, complaints: list[str]
):
    page = opened(browser, place, complaints)
    page.goto("/runs")
    page.get_by_label("Ended").select_option("failure")
    expect(page).to_have_url(re.compile(r"/runs\?conclusion=failure$"))
    assert page.locator(".runs li").count() == page.locator(".runs .shape.failed").count() > 0
    assert complaints == []
    page.context.close()


def test_hostile_names_of_the_demo_run_nothing(
    browser: Browser, place: Place, complaints: list[str]
):
    page = opened(browser, place, complaints)
    page.on("dialog", lambda shown: complaints.append(f"{shown.type}: {shown.message}"))
    page.goto(f"/runs?branch={day.HOSTILE_BRANCH.replace('#', '%23')}".replace("+", "%2B"))
    page.locator(".runs a.row").first.click()
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
