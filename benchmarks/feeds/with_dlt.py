"""Load lines of records with dlt, in an environment that has it: `python with_dlt.py LINES STORE`.

What it needs to know is said as its documents say: merge, the primary keys, and one worker, since
with several SQLite's file is locked (https://dlthub.com/docs/dlt-ecosystem/destinations/sqlalchemy).
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

KEYS = {
    "packages": ["name"],
    "versions": ["package", "version"],
    "dependencies": ["package", "version", "position", "alternative"],
    "provides": ["package", "version", "name"],
    "package_urls": ["package", "type", "url"],
}


def rows(path: str, stream: str) -> Iterator[dict[str, Any]]:
    """Yield the records of a stream."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            message = json.loads(line)
            if message["type"] == "RECORD" and message["stream"] == stream:
                yield message["record"]


def main(path: str, store: str) -> None:
    """Load all streams into a store, a table each."""
    os.environ |= {"LOAD__WORKERS": "1", "RUNTIME__DLTHUB_TELEMETRY": "false"}
    import dlt  # type: ignore[import-not-found]

    pipeline = dlt.pipeline(
        "feeds",
        pipelines_dir=f"{store}.dlt",
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{store}"),
        dataset_name="main",
    )
    resources = [
        dlt.resource(rows(path, stream), name=stream, write_disposition="merge", primary_key=key)
        for stream, key in KEYS.items()
    ]
    print(pipeline.run(resources))


if __name__ == "__main__":
    main(*sys.argv[1:])
