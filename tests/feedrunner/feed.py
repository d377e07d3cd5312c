"""A feed of a test: its manifest, its program, and what is stored of it."""

import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engines import reading
from feedrunner.manifest import Manifest, read_manifest
from schema.tables import packages as tables

MANIFEST = """
command = "python {name}.py"
timeout = "{timeout}"
streams = ["packages", "versions", "dependencies", "provides", "package_urls", "points"]
manager = "shop"
"""


def write_feed(folder: Path, program: str, name: str = "shop", timeout: str = "30s") -> Manifest:
    """Write a feed and return its manifest."""
    path = folder / name
    path.mkdir(parents=True, exist_ok=True)
    (path / "feed.toml").write_text(MANIFEST.format(name=name, timeout=timeout), "utf-8")
    (path / f"{name}.py").write_text(program, "utf-8")
    return read_manifest(path / "feed.toml")


def record(stream: str, **values: Any) -> bytes:
    """Return a line of a record."""
    return json.dumps({"type": "RECORD", "stream": stream, "record": values}).encode()


def state(**values: Any) -> bytes:
    """Return a line of a state."""
    return json.dumps({"type": "STATE", "value": values}).encode()


def whole(stream: str) -> bytes:
    """Return a line that says that a stream was whole."""
    return json.dumps({"type": "ACTIVATE_VERSION", "stream": stream, "version": 1}).encode()


def printing(lines: list[bytes], end: str = "") -> str:
    """Return a program that prints lines and then does something."""
    text = b"\n".join([*lines, b""]).decode()
    return f"import sys\nsys.stdout.write({text!r})\nsys.stdout.flush()\n{end}\n"


def rows(engine: sa.Engine, query: sa.Select[Any]) -> list[tuple]:
    """Return rows as tuples."""
    with reading(engine).connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


def stored(engine: sa.Engine) -> dict[str, list[tuple]]:
    """Return what is stored, by the names that a feed gives, without the store's own numbers."""
    p, v, d = tables.packages, tables.versions, tables.dependencies
    needed = p.alias("needed")
    of_version = sa.join(v, p, p.c.Id == v.c.package_id)
    needs = of_version.join(d, d.c.version_id == v.c.Id)
    needs = needs.join(needed, needed.c.Id == d.c.dependency_id, isouter=True)
    return {
        "packages": rows(
            engine, sa.select(p.c.import_id, p.c.name, p.c.latestversion).order_by("import_id")
        ),
        "versions": rows(
            engine,
            sa.select(p.c.name, v.c.version, v.c.size)
            .select_from(of_version)
            .order_by("name", "version"),
        ),
        "dependencies": rows(
            engine,
            sa.select(p.c.name, d.c.position, d.c.alternative, d.c.name, needed.c.name)
            .select_from(needs)
            .order_by(p.c.name, d.c.position, d.c.alternative),
        ),
    }


def loads(engine: sa.Engine) -> list[tuple]:
    """Return the loads: feed, state, exit code, changed rows, rows gone, error."""
    c = tables.load_history.c
    query = sa.select(c.feed, c.state, c.exitcode, c.changed, c.gone, c.error).order_by(c.Id)
    return rows(engine, query)


def states(engine: sa.Engine) -> list[tuple]:
    """Return the feeds' states."""
    c = tables.feedstates.c
    return rows(engine, sa.select(c.feed, c.state))


SHOP = [
    record("packages", name="apple", latestversion="2"),
    record("packages", name="pear", import_id="77"),
    record("packages", name="plum"),
    record("versions", package="apple", version="1", size=5),
    record("versions", package="apple", version="2", license="MIT", yanked=False),
    record("versions", package="77", version="1"),
    record("dependencies", package="apple", version="2", position=1, name="plum", range=">= 1"),
    record("dependencies", package="apple", version="2", position=2, name="pear"),
    record("dependencies", package="apple", version="2", position=2, alternative=1, name="fig"),
    record("provides", package="77", version="1", name="fruit"),
    record("package_urls", package="77", type="homepage", url="https://u:t0ken@pear.example/x"),
    record("points", series="downloads/pear", time="2026-11-23T00:00:00Z", value=8),
]
"""Lines of a feed: packages, then what names them."""
STORED = {
    "packages": [("77", "pear", None), ("apple", "apple", "2"), ("plum", "plum", None)],
    "versions": [("apple", "1", 5), ("apple", "2", None), ("pear", "1", None)],
    "dependencies": [
        ("apple", 1, 0, "plum", "plum"),
        ("apple", 2, 0, "pear", "pear"),
        ("apple", 2, 1, "fig", None),
    ],
}
"""What `stored` returns of them."""
