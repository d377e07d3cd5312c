"""Start a listener on a throw-away store, send it a day, and show what an analyst sees."""

import argparse
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import requests
from tqdm import tqdm

from demo import month, pipelines, reasons
from demo.pages_beside import PagesBeside
from engines import connect, reading
from fakegithub.api.delivering import deliver
from fakegithub.world.world import Delivery
from fakegitlab.sending import Sender
from fakegitlab.world import World as PipelineWorld
from runtime.terminal import end_with_terminal
from schema import migrate
from sqlauthenticator import connector
from store.write import changed_runs

TOP = Path(__file__).resolve().parent.parent
FOLDER = Path("data/demo")
START_SECONDS = 60
COUNT_SECONDS = 90
QUERY = """
SELECT repos.name AS repo, workflowname, conclusion, COUNT(*) AS runs,
    ROUND(AVG(queuetime), 1) AS waited
FROM workflowruns JOIN repos ON repos.Id = workflowruns.repoid
GROUP BY repos.Id, repos.name, workflowgitid, workflowname, conclusion
ORDER BY runs DESC
LIMIT 25
""".strip()


def main(argv: list[str] | None = None) -> int:
    """Run the demo until Ctrl-C; return 1 when the listener fails or refuses a delivery."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end when the day is sent and shown")
    once = parser.parse_args(argv).once
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, signal.default_int_handler)
    end_with_terminal()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    secret, port = secrets.token_hex(20), free_port()
    began = yesterday()
    world, other = month.world_of(began), pipelines.world_of(began)
    fill_month([one for one in world.deliveries() if one.time < began], other, began)
    listener, pages = start_listener(secret, port), None
    try:
        if not wait_ready(listener, port):
            print(f"the listener did not start; its log is {FOLDER / 'runtime.log'}")
            return 1
        answers = send(list(world.deliveries(since=began)), secret, port)
        answers += send_hooks(other, began, secret, port)
        finish_day(other, began)
        show(answers, port)
        if not once:
            print("\nThe pages follow when the listener has counted the day.", flush=True)
            wait_counted()
            print("The listener and the pages stay up until Ctrl-C.", flush=True)
            pages = PagesBeside({**os.environ, **environment(secret)}, "-p", str(free_port()))
            listener.wait()
        return 0 if set(answers) <= {"applied"} else 1
    except KeyboardInterrupt:
        return 0
    finally:
        listener.terminate()
        listener.wait()
        if pages is not None:
            pages.stop()


def yesterday() -> datetime:
    """Return the time at which the day begins, so that it has ended by now."""
    return (datetime.now(UTC) - timedelta(hours=30)).replace(microsecond=0)


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def store_url() -> str:
    """Return the demo's own store."""
    return f"sqlite:///{(FOLDER / 'shark_dashboard.db').resolve()}"


def environment(secret: str) -> dict[str, str]:
    """Return settings with which nothing of the real installation is read or written."""
    return {
        "DATABASE_URL": store_url(),
        "DATABASE_READ_URL": store_url(),
        "DATABASE_PASSWORD": "",
        "WEBHOOK_SECRET": secret,
        "SPOOL_DIR": str(FOLDER / "spool"),
        "REPOS": "",
        "GITHUB_TOKEN": "",
        "GITLAB_URL": pipelines.SERVER,
        "GITLAB_TOKEN": "",
        "GITLAB_WEBHOOK_SECRET": token_of(secret),
        "GROUPS": "",
        "DASHBOARD_HOST": "127.0.0.1",
        "DASHBOARD_PASSWORD": "",
        "DASHBOARD_PROXIES": "",
    }


def token_of(secret: str) -> str:
    """Return GitLab's secret token, which travels in each request: never GitHub's secret."""
    return sha256(secret.encode()).hexdigest()


def fill_month(happened: list[Delivery], other: PipelineWorld, began: datetime) -> None:
    """Make the store, with the month before the day in it."""
    print(f"Storing a month before the day ({len(happened):,} events) ...", flush=True)
    migrate.upgrade(store_url())
    engine = connect(store_url())
    pipelines.store_readings(engine, other, began)
    month.store(engine, happened)
    engine.dispose()


def finish_day(other: PipelineWorld, began: datetime) -> None:
    """Write what is read of the day afterwards: of its pipelines, and what its failed jobs say."""
    engine = connect(store_url())
    pipelines.store_readings(engine, other, datetime.now(UTC))
    reasons.tell(engine)
    engine.dispose()


def wait_counted() -> None:
    """Wait until the roll-ups hold the whole day; without it the first look shows part of it."""
    engine = reading(connect(store_url()))
    until = time.monotonic() + COUNT_SECONDS
    while time.monotonic() < until:
        with engine.connect() as connection:
            if not changed_runs.pending_runs(connection).runs:
                break
        time.sleep(0.2)
    engine.dispose()


def start_listener(secret: str, port: int) -> subprocess.Popen[bytes]:
    """Start `python3 listener.py` over the demo's own store."""
    command = [sys.executable, str(TOP / "listener.py"), "--host", "127.0.0.1", "-p", str(port)]
    with (FOLDER / "runtime.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own door
            command,
            env={**os.environ, **environment(secret)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def wait_ready(listener: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until the listener can store something; False when it ends or takes too long."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and listener.poll() is None:
        try:
            if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=2).ok:
                return True
        except requests.ConnectionError:
            time.sleep(0.1)
    return False


def send(deliveries: list[Delivery], secret: str, port: int) -> Counter[str]:
    """Post deliveries as GitHub would, signed; return how often each answer came."""
    answers: Counter[str] = Counter()
    with requests.Session() as session:
        # Without a terminal (disable=None) there is nobody to watch it, only a file to fill.
        for delivery in tqdm(
            deliveries, desc="sending a day", unit=" deliveries", leave=False, disable=None
        ):
            outcome = deliver(f"http://127.0.0.1:{port}/webhook", secret, delivery, session=session)
            answers[json.loads(outcome.text)["status"] if outcome.text else outcome.status] += 1
    return answers


def send_hooks(other: PipelineWorld, began: datetime, secret: str, port: int) -> Counter[str]:
    """Post the other vendor's hooks of the day, each project's with its token."""
    answers: Counter[str] = Counter()
    session, url = requests.Session(), f"http://127.0.0.1:{port}/webhook"

    def post(body: bytes, headers: dict[str, str]) -> int:
        answer = session.post(url, body, headers=headers, timeout=10)
        answers[str(answer.json()["status"])] += 1
        return answer.status_code

    senders = {one.id: Sender(one, url, post, token_of(secret)) for one in other.projects.values()}
    for project, hook in pipelines.hooks_since(other, began):
        senders[project.id].send(hook)
    return answers


def show(answers: Counter[str], port: int) -> None:
    """Print what was stored, and the analyst's lines with their result."""
    told = ", ".join(f"{count} {status}" for status, count in answers.items())
    print(f"\nhttp://127.0.0.1:{port}/webhook answered: {told}")
    print(
        f"\nThe analyst's lines, for .venv/bin/python in this folder, DATABASE_URL={store_url()}\n"
    )
    print("    from sqlauthenticator import connector")
    print("    conn = connector(password=None)")
    print('    conn.execute("""' + QUERY.replace("\n", "\n    ") + '""").fetchall()\n')
    with connector(url=store_url()) as connection:
        cursor = connection.execute(QUERY)
        titles = [column[0] for column in cursor.description]
        print_table([titles, *([str(value) for value in row] for row in cursor)])


def print_table(rows: list[list[str]]) -> None:
    """Print rows in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (value.ljust(width) for value, width in zip(row, widths, strict=True))
        print("    " + "  ".join(cells).rstrip())
