"""The demo's day, served to a real browser: what the browser tests have in common."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import func, select
from werkzeug.serving import make_server

from config.calendar import Calendar
from config.settings import Settings
from dashboard.app import create_app
from demo import day, reasons
from engines import connect
from fakegithub.world.world import Delivery as Sent
from schema import migrate
from schema.tables.ci import jobs
from store.deliveries import table
from store.deliveries.table import Delivery
from store.open import READ, open_engine
from store.rollups.spans import RollupPlan
from tests.dashboard import stored
from tests.dashboard.settings import settings_for
from tests.dashboard.supply import stakes
from tests.store.rollups.making import make_all

PATIENT = READ._replace(seconds=60.0)
"""Pages on a busy machine."""
BEGAN = datetime(2026, 3, 9, 3)
UTC_NOON = Calendar(ZoneInfo("UTC"), time(12))
GROUPS = '[apps]\nrepos = ["demo-org/app-*"]\n[site]\nrepos = ["demo-org/portal"]\n'
NOW = BEGAN + timedelta(hours=30)
PAGES = (
    "/",
    "/?nights=60&q=test",
    "/runs",
    "/runs?conclusion=failed",
    "/time",
    "/errors",
    "/errors?new=yes",
    "/flakes",
    "/health",
    "/figures",
    "/figures?by=job",
    "/slower",
    "/pools",
    "/feeds",
    "/packages",
    "/workflow?repo=demo-org/app-1&workflow=CI",
    "/branch?repo=demo-org/app-1&branch=main",
    "/flakes?q=test&sort=rate",
    "/deliveries",
    "/pool?labels=ubuntu-latest",
)


class Place(NamedTuple):
    """Where the pages are served, and the paths of a night and of runs."""

    url: str
    paths: tuple[str, ...]
    app: Flask


@contextmanager
def served(settings: Settings, now: datetime, paths: tuple[str, ...]) -> Iterator[Place]:
    """Serve the pages of a store, as at a time."""
    reader = open_engine(settings, PATIENT)
    app = create_app(settings, reader, clock=lambda: now)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Place(f"http://127.0.0.1:{server.server_port}", paths, app)
    finally:
        server.shutdown()
        thread.join()
        reader.dispose()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Serve the demo's day."""
    folder = tmp_path_factory.mktemp("pages")
    url = f"sqlite:///{folder}/store.db"
    migrate.upgrade(url)
    writer = connect(url)
    world = day.day(BEGAN.replace(tzinfo=UTC))
    stored.fill(writer, world)
    reasons.tell(writer, reasons.SAID[1:2])
    with writer.begin() as connection:
        raw = [(raw_of(one), table.APPLIED, None) for one in world.deliveries()]
        table.save_all(connection, raw)
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
        job = connection.exec_driver_sql("SELECT repo, workflowname, name FROM jobs").all()[0]
        runner = connection.scalar(select(func.max(jobs.c.runnername)))
        errors = connection.exec_driver_sql("SELECT fingerprint FROM errors").scalars().all()
    stored.audit(writer, repo, NOW)
    stored.watched(writer, NOW, state="warning", detail="40 of 5000 requests are left")
    settings = settings_for(url, folder, GROUPS=GROUPS)
    make_all(writer, RollupPlan(UTC_NOON, settings.groups), NOW)
    stakes.fill(writer, NOW)
    writer.dispose()
    runs = tuple(f"/runs/{provider}/{gitid}" for provider, gitid in found[-3:])
    night = f"/nights/{repo}/2026-03-10"
    paths = (
        *PAGES,
        "/job?repo={}&workflow={}&job={}".format(*job),
        f"/errors/{errors[0]}",
        f"/runner?name={runner}",
        night,
        *runs,
    )
    with served(settings, NOW, paths) as place:
        yield place


def raw_of(sent: Sent) -> Delivery:
    """Return what a listener would keep of a delivery."""
    payload, received = sent.payload, sent.time.replace(tzinfo=None)
    name, body = payload["repository"]["full_name"], json.dumps(payload).encode()
    return Delivery("github", sent.guid, 1, sent.event, sent.action, name, received, body)


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
