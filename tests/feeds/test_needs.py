"""What a feed is given of ours: lists as JSON, of which registries' programs take names."""

import json
import zipfile
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select

from feedrunner.manifest import read_manifest
from feedrunner.needs import LISTS, write_needs
from feedrunner.runner import load_lines
from schema.tables import ci
from schema.tables import packages as tables
from tests.feedrunner.feed import record
from tests.feeds.shipped import FEEDS, Silent, load, module, rows, serving, source

OWN = {"package": "github/1", "version": "HEAD"}


def list_needs(engine: Engine, *names: str) -> None:
    """Have a watched repository, and what its dependency graph lists."""
    row = {"provider": "github", "gitid": 1, "name": "octo-org/app", "version": b""}
    with engine.begin() as connection:
        connection.execute(insert(ci.repos), [row])
    lines = [
        record("packages", name="octo-org/app", import_id="github/1"),
        record("versions", **OWN),
        *(
            record("dependencies", **OWN, position=position, name=name, range="1.0")
            for position, name in enumerate(names)
        ),
    ]
    manifest = read_manifest(FEEDS / "sbom" / "feed.toml")
    assert load_lines(engine, manifest, [b"\n".join(lines)], lambda: 0).error == ""


def test_lists_of_ours_are_json(engine: Engine, tmp_path: Path):
    list_needs(engine, "npm/left-pad")
    where = {"host": "GitHub.com", "repo": "Stevemao/left-pad", "proof": "claim"}
    with engine.begin() as connection:
        connection.execute(tables.packages.update().values(mine=True))
        number = connection.execute(tables.packages.select()).first().Id
        row = {**where, "package_id": number}
        connection.execute(insert(tables.packagerepos), [row])
        write_needs(connection, [*LISTS], tmp_path / "needs.json")
    assert json.loads((tmp_path / "needs.json").read_bytes()) == {
        "watched": [{"provider": "github", "gitid": 1, "name": "octo-org/app", "url": None}],
        "upstream": [{"host": "github.com", "repo": "stevemao/left-pad"}],
        "listed": [{"name": "npm/left-pad", "version": "1.0"}],
    }


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_npm_loads_what_dependency_graphs_list(engine: Engine):
    list_needs(engine, "npm/left-pad", "pypi/flask")
    with source({"/left-pad": (200, {"dist-tags": {"latest": "1.3.0"}})}) as url:
        ended = load(engine, "npm", {"SOURCE_NPM_URL": url}, NPM_LOCK="")
    assert (ended.state, ended.error, ended.changed) == ("done", "", 1)


def test_pip_is_given_only_names_of_what_dependency_graphs_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    names = [
        "flask",
        "zope-interface",
        "app @ git+https://2130706433/app",
        "app\n-i https://2130706433/",
        "app\n-r /etc/passwd",
        "-e .",
        "app>=1",
        "$app",
        "app-",
    ]
    listed = [{"name": f"pypi/{name}", "version": "1.0"} for name in names]
    (tmp_path / "needs.json").write_text(json.dumps({"listed": listed}))
    monkeypatch.setenv("FEED_NEEDS", str(tmp_path / "needs.json"))
    monkeypatch.setenv("OUTPUTDIR", str(tmp_path))
    path, is_named = module("pypi").find_requirements()
    assert is_named
    assert path.read_text().split("\n") == ["flask", "zope-interface"]


def wheel(name: str) -> bytes:
    """Return a wheel that holds nothing."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        archive.writestr(f"{name}-1.0.dist-info/METADATA", about)
        archive.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return file.getvalue()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_name_that_an_index_has_not_keeps_no_other_away(engine: Engine):
    list_needs(engine, "pypi/apple", "pypi/company-own", "pypi/pear", "pypi/zebra-own")

    class Index(Silent, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.split("/")[2]
            file = f"{name}-1.0-py3-none-any.whl"
            link = f'<a href="/files/{name}/{file}">{file}</a>'.encode()
            is_there = name in ("apple", "pear")
            body = wheel(name) if self.path.endswith(".whl") else link if is_there else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Index) as url:
        ended = load(engine, "pypi", {"SOURCE_PYPI_URL": f"{url}/simple"}, PYPI_REQUIREMENTS="")
    assert (ended.state, ended.error) == ("done", "")
    for name in ("company-own", "zebra-own"):
        assert f"No matching distribution found for {name}" in ended.logtail
    c = tables.packages.c
    of_pypi = select(c.name).where(c.mine.is_(True)).order_by(c.name)
    assert rows(engine, of_pypi) == [("apple",), ("pear",)]
