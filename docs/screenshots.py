"""`make screenshots`: draw the pictures of the pages in docs/ anew, over a made-up month.

CHROMIUM names the browser, else the one on PATH is taken.
"""

import argparse
import json
import logging
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import Engine, select
from werkzeug.serving import make_server

from config.calendar import Calendar
from config.settings import read
from dashboard.app import create_app
from demo import reasons
from engines import connect
from fakegithub.world.history import history
from schema import migrate
from schema.tables.ci import workflowruns
from schema.tables.reconciler import leases, marks
from store.open import READ, open_engine
from store.rollups.spans import RollupPlan
from tests.dashboard import stored
from tests.store.rollups.making import make_all

FOLDER = Path(__file__).resolve().parent / "pictures"
BEGAN = datetime(2026, 2, 9, 3)
DAYS = 30
NOW = BEGAN + timedelta(days=DAYS, hours=5)
GROUPS = '[prod]\nrepos = ["acme/app-1", "acme/app-2", "acme/app-3"]\n[tools]\nrepos = ["*"]\n'
REPOS = 8


class Shot(NamedTuple):
    """A picture: its file, the page, and how it is looked at."""

    name: str
    path: str
    width: int = 1280
    height: int = 800
    scheme: str = "light"
    click: str = ""


SHOTS = (
    Shot("nights", "/"),
    Shot("nights-dark", "/", scheme="dark"),
    Shot("night", "/", click=".matrix td.last a.cell.failed"),
    Shot("runs", "/runs"),
    Shot("run", "", click="details.job:has(.shape.failed) summary"),
    Shot("time", "/time"),
    Shot("flakes", "/flakes"),
    Shot("health", "/health"),
    Shot("phone", "/", width=390, height=780),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Draw all pictures, or those that are named."""
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(shot.name for shot in SHOTS))
    chosen = parser.parse_args(argv).names
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        print("a browser is needed: apt-get install chromium", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as (url, run),
        sync_playwright() as playwright,
    ):
        flags = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        for shot in SHOTS:
            if chosen and shot.name not in chosen:
                continue
            page = browser.new_context(
                base_url=url,
                viewport={"width": shot.width, "height": shot.height},
                color_scheme="dark" if shot.scheme == "dark" else "light",
            ).new_page()
            draw(page, shot, run)
            page.context.close()
        browser.close()
    return 0


def draw(page: Page, shot: Shot, run: str) -> None:
    """Draw one picture."""
    page.goto(shot.path or run)
    if shot.click:
        page.locator(shot.click).first.click()
        page.wait_for_timeout(500)  # until what opened stands still
    file = FOLDER / f"{shot.name}.png"
    page.screenshot(path=str(file))
    print(f"{file.relative_to(FOLDER.parent.parent)}: {file.stat().st_size / 1000:.0f} kB")


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve the month; give its address, and the path of a failed run."""
    url = f"sqlite:///{folder}/store.db"
    migrate.upgrade(url)
    engine = connect(url)
    fill(engine)
    run = failed_run(engine)
    environment = {
        "DATABASE_URL": url,
        "SPOOL_DIR": f"{folder}/spool",
        "GROUPS": GROUPS,
        "NIGHT_ZONE": "UTC",
    }
    settings = read({}, environment, folder)
    plan = RollupPlan(Calendar(settings.night_zone, settings.night_ends), settings.groups)
    make_all(engine, plan, NOW)
    engine.dispose()
    reader = open_engine(settings, READ)
    app = create_app(settings, reader, clock=lambda: NOW)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", run
    finally:
        server.shutdown()
        thread.join()
        reader.dispose()


def fill(engine: Engine) -> None:
    """Store a month of eight repositories, what their jobs said, and what looks after them."""
    start = BEGAN.replace(tzinfo=UTC)
    world = history(seed=11, runs=1400, jobs=4, repos=REPOS, days=DAYS, owner="acme", start=start)
    stored.fill(engine, world)
    reasons.tell(engine)
    with engine.connect() as connection:
        own = select(workflowruns.c.repoid).distinct()
        numbers = sorted(connection.scalars(own))
    for number in numbers:
        stored.audit(engine, number, NOW - timedelta(minutes=12), listed=175, stored=175)
        stored.watched(engine, NOW, subject=stored.name_of(engine, number), name="hook")
    stored.watched(engine, NOW, detail="4211 of 5000 requests are left of this hour")
    told = {"changed": 0, "recovered": 0, "troubles": []}
    mark = {"subject": "", "name": "cycle", "value": json.dumps(told)}
    stored.put(engine, marks, **mark, time=NOW - timedelta(minutes=4))
    holder = {"name": "reconcile", "holder": "ci-1:2117"}
    stored.put(engine, leases, **holder, endtime=NOW + timedelta(seconds=25))
    for number in range(600):
        stored.delivery(engine, NOW - timedelta(minutes=number * 4))


def failed_run(engine: Engine) -> str:
    """Return the path of the newest failed run."""
    run = workflowruns.c
    query = select(run.provider, run.gitid).where(run.conclusion == "failure")
    with engine.connect() as connection:
        row = connection.execute(query.order_by(run.createtime.desc()).limit(1)).one()
    return f"/runs/{row.provider}/{row.gitid}"


if __name__ == "__main__":
    raise SystemExit(main())
