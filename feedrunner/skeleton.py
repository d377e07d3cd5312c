"""A feed to begin with: a manifest and a program that loads one number."""

from pathlib import Path

from config.settings import BadSetting
from feedrunner.manifest import NAME

MANIFEST = """\
# What starts it: an argv, never a shell. `python` is the one that runs run_feeds.py.
command = "python {name}.py"
# How often; or at = "03:17" (UTC).
every = "6h"
timeout = "5m"
# What it may write: see docs/feeds.md.
streams = ["points"]
"""

PROGRAM = '''\
"""Load the number of files in a folder: one point each time it runs."""

import json
import os
from datetime import UTC, datetime


def main() -> None:
    """Print one record, then the state that the next run can read from $FEED_STATE."""
    with open(os.environ["FEED_STATE"], encoding="utf-8") as file:
        runs = json.load(file).get("runs", 0)
    time = datetime.now(UTC).isoformat(timespec="seconds")
    record = {{"series": "{name}/files", "time": time, "value": len(os.listdir("/"))}}
    print(json.dumps({{"type": "RECORD", "stream": "points", "record": record}}))
    print(json.dumps({{"type": "STATE", "value": {{"runs": runs + 1}}}}))


main()
'''


def write_feed(folder: Path, name: str) -> Path:
    """Write a feed that works into a folder of feeds and return its own. Raises BadSetting."""
    if not NAME.fullmatch(name):
        raise BadSetting("NAME", "is not of lower-case letters, digits, _ and -")
    path = folder / name
    try:
        path.mkdir(parents=True)
        (path / "feed.toml").write_text(MANIFEST.format(name=name), encoding="utf-8")
        (path / f"{name}.py").write_text(PROGRAM.format(name=name), encoding="utf-8")
    except FileExistsError as error:
        raise BadSetting("NAME", f"{path} is there already") from error
    except OSError as error:
        raise BadSetting("FEEDS_DIR", f"{path} cannot be written ({error.strerror})") from error
    return path
