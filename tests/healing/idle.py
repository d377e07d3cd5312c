"""What an idle, healthy installation costs: python -m tests.healing.idle --repos 20 --hours 3."""

import argparse
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backfill.reconcile import loop
from backfill.reconcile.reporter import CycleReporter
from config import settings
from engines import connect
from fakegithub.server import Server, scaled_clock
from fakegithub.world.history import history
from rows.github.events import EVENTS
from schema import migrate
from tests.healing.installation import Installation, installed
from tests.listener.sending import SECRET

SCALE = 100
"""How many times faster an hour goes by: the limits' clock and ours (installation.FAST)."""
DAYS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Print requests and rate-limit points of each hour."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repos", type=int, default=20)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--hours", type=int, default=3)
    options = parser.parse_args(argv)
    now = datetime.now(UTC).replace(microsecond=0)
    start = now - timedelta(days=DAYS + 1)
    world = history(1, runs=options.runs, jobs=2, repos=options.repos, days=DAYS, start=start)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/idle.db"
        migrate.upgrade(url)
        engine = connect(url)
        with installed(world, engine) as here:
            hook = here.github.hooks.create(
                here.receiver.url,
                owner="octo-org",
                events=tuple(EVENTS),
                secret=SECRET,
                content_type="json",
            )
            hook.created_at = 0
            here.github.hooks.send_due()
            print(f"{len(hook.log)} deliveries stored; hour  requests  points  by what")
            here.github.clock = scaled_clock(world.now, SCALE)
            with reconciling(here, url):
                for hour in range(options.hours):
                    print(f"{hour + 1:4} {told(here.github)}", flush=True)
        engine.dispose()
    return 0


@contextmanager
def reconciling(here: Installation, url: str) -> Iterator[None]:
    """Run the reconciler's own loop, its pauses SCALE times shorter."""
    stop, reporter = threading.Event(), CycleReporter()
    given = {
        "DATABASE_URL": url,
        "GITHUB_TOKEN": here.github.token,
        "GITHUB_API_URL": here.github.url,
        "REPOS": "octo-org",
    }

    def read() -> settings.Settings:
        return settings.read({}, given, Path("/"))

    with pytest.MonkeyPatch.context() as patch:
        for name in ("SHORTEST_SECONDS", "LONGEST_SECONDS", "POLL_SECONDS"):
            patch.setattr(loop, name, getattr(loop, name) / SCALE)
        arguments = (read, reporter, stop)
        thread = threading.Thread(target=loop.reconcile, args=arguments, kwargs={"once": False})
        thread.start()
        yield
        stop.set()
        thread.join()


def told(github: Server) -> str:
    """Let an hour go by; return what was asked in it."""
    since = len(github.requests)
    time.sleep(3600 / SCALE)
    asked = github.requests[since:]
    counted = [one for one in asked if one.counted]
    kinds = Counter(one.path.partition("?")[0].split("/")[-1] for one in counted)
    return f"{len(asked):9} {len(counted):7}  {dict(kinds.most_common(6))}"


if __name__ == "__main__":
    raise SystemExit(main())
