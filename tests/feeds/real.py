"""Load feeds from the real sources into a throw-away store: `make real-feeds`."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import func, select

from engines import connect, reading
from feedrunner.manifest import read_manifest
from feedrunner.runner import run_feed
from schema import migrate
from schema.tables import packages as tables
from tests.feeds.shipped import FEEDS

LEAST = {"debian": 5000, "pypi": 20, "npm": 3}
"""Packages that come at least."""
LOCK: dict[str, object] = {
    "packages": {f"node_modules/{name}": {} for name in ["express", "@types/node", "next"]}
}


def main(argv: Sequence[str] | None = None) -> int:
    """Load each feed twice, say what came, and return 1 where that is not what should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["debian", "pypi", "npm"], metavar="NAME")
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{folder}/store.db")
        migrate.upgrade(engine)
        for name in parser.parse_args(argv).names:
            manifest = read_manifest(FEEDS / name / "feed.toml")
            if name == "npm":
                lock = Path(folder) / "package-lock.json"
                lock.write_text(json.dumps(LOCK), "utf-8")
                manifest = manifest._replace(env={"NPM_LOCK": str(lock)})
            for _ in range(2):
                begin = time.monotonic()
                ended = run_feed(engine, manifest, os.environ)
                seconds = time.monotonic() - begin
                sys.stdout.write(f"{name}: {ended.state} in {seconds:.1f} s: {ended}\n")
            c = tables.packages.c
            with reading(engine).connect() as connection:
                query = select(func.count()).where(c.manager == name)
                count = connection.scalar(query) or 0
            bad += ended.state != "done" or count < LEAST[name] or ended.changed > 0
        engine.dispose()
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main())
