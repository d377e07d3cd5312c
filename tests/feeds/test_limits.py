"""Sources that answer some requests and then no more for a while: loads get on, and to the end."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select

from schema.tables import ci
from schema.tables import packages as tables
from tests.feeds.shipped import limited, load, module, rows

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def packument(name: str) -> dict[str, object]:
    return {
        "name": name,
        "dist-tags": {"latest": "1.0.0"},
        "versions": {"1.0.0": {"name": name, "version": "1.0.0"}},
    }


@on_sqlite
def test_npm_goes_on_where_the_registry_stopped_it(engine: Engine, tmp_path: Path):
    lock = tmp_path / "package-lock.json"
    names = ["a", "b", "c", "d", "e"]

    def codes(loads: int) -> list[int | None]:
        lock.write_text(json.dumps({"packages": {f"node_modules/{name}": {} for name in names}}))
        environ = {"SOURCE_NPM_URL": url}
        return [load(engine, "npm", environ, NPM_LOCK=str(lock)).exitcode for _ in range(loads)]

    with limited({f"/{name}": packument(name) for name in "abcdef"}, 2) as (url, answered):
        assert codes(3) == [75, 75, 0]
        assert answered == ["/a", "/b", "/c", "/d", "/e"]
        # The next round begins anew; what is new comes, and what left is told, when it ends.
        assert codes(1) == [75]
        names[0] = "f"
        assert codes(3) == [75, 75, 0]
    assert answered[5:] == ["/a", "/b", "/c", "/d", "/e", "/f"]
    c = tables.packages.c
    assert rows(engine, select(c.name, c.mine).order_by(c.name)) == [
        ("a", False),
        *((name, True) for name in "bcdef"),
    ]


def test_pypi_goes_on_where_the_index_stopped_it(capsys, monkeypatch, tmp_path: Path):
    state = tmp_path / "state"
    state.write_text("{}")
    monkeypatch.setenv("FEED_STATE", str(state))
    given = [
        {"metadata": {"name": name, "version": "1.0"}, "download_info": {}}
        for name in ("C", "a", "b")
    ]
    codes = list[int]()
    with limited({f"/{name}/": {"files": []} for name in "abc"}, 2) as (url, answered):
        monkeypatch.setenv("SOURCE_PYPI_URL", url)
        for _ in range(2):
            codes.append(module("pypi").emit_all(given))
            told = json.loads(capsys.readouterr().out.splitlines()[-1])
            assert told["type"] == "STATE"
            state.write_text(json.dumps(told["value"]))
    assert codes == [75, 0]
    assert answered == ["/a/", "/b/", "/c/"]
    assert json.loads(state.read_text()) == {"mine": ["a", "b", "c"]}


@on_sqlite
def test_sbom_goes_on_where_github_stopped_it(engine: Engine):
    names = [f"octo-org/{name}" for name in "abc"]
    with engine.begin() as connection:
        for number, name in enumerate(names, start=1):
            row = {"provider": "github", "gitid": number, "name": name, "version": b""}
            connection.execute(insert(ci.repos), [row])
    paths = [f"/repos/{name}/dependency-graph/sbom" for name in names]
    with limited({path: {"sbom": {"packages": []}} for path in paths}, 2) as (url, answered):
        codes = [load(engine, "sbom", {"SOURCE_GITHUB_URL": url}).exitcode for _ in range(3)]
    assert codes == [75, 0, 75]
    assert answered == [*paths, paths[0]]
    names_stored = rows(engine, select(tables.packages.c.name).order_by(tables.packages.c.name))
    assert names_stored == [(name,) for name in names]
