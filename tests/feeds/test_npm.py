"""The packages of an npm lock file, from recorded documents of the registry."""

import io
import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from schema.tables import packages as tables
from tests.feeds.shipped import addresses, load, module, needs, rows, sample, source

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "app", "version": "1.0.0"},
        "node_modules/@isaacs/cliui": {"version": "8.0.2"},
        "node_modules/@isaacs/cliui/node_modules/left-pad": {"version": "1.0.0"},
        "node_modules/files": {"version": "4.0.2", "name": "vinyl-fs"},
        "node_modules/never-was": {"version": "1.0.0"},
        "node_modules/ours": {"resolved": "packages/ours", "link": True},
        "node_modules/forked": {"resolved": "git+ssh://git@github.com/octo-org/forked.git#abc"},
    },
}


@pytest.fixture
def registry():
    """Give the address of a registry that has the recorded packages."""
    answers = {f"/{name}": (200, given) for name, given in sample("npm-packuments.json").items()}
    with source(answers) as url:
        yield url


def load_lock(engine: Engine, folder: Path, url: str, lock: dict):
    path = folder / "package-lock.json"
    path.write_text(json.dumps(lock), "utf-8")
    return load(engine, "npm", {"SOURCE_NPM_URL": url}, NPM_LOCK=str(path))


@on_sqlite
def test_packages_of_a_lock_file_come_with_their_versions(
    engine: Engine, tmp_path: Path, registry: str
):
    ended = load_lock(engine, tmp_path, registry, LOCK)
    assert (ended.state, ended.error) == ("done", "")
    assert ended.logtail == "never-was: HTTP Error 404: Not Found"
    c = tables.packages.c
    assert rows(engine, select(c.name, c.latestversion, c.mine).order_by(c.name)) == [
        ("@isaacs/cliui", "9.0.0", True),
        ("left-pad", "1.3.0", True),
        ("vinyl-fs", "4.0.2", True),
    ]
    assert len(rows(engine, select(tables.versions.c.Id))) == 8
    assert needs(engine, "vinyl-fs")[:2] == [
        ("fs-mkdirp-stream", "^2.0.1", "runtime", None),
        ("glob-stream", "^8.0.3", "runtime", None),
    ]
    assert addresses(engine, "@isaacs/cliui") == [
        ("repository", "git+ssh://github.com:isaacs/cliui")
    ]


@on_sqlite
def test_package_that_left_the_lock_file_is_not_ours_any_more(
    engine: Engine, tmp_path: Path, registry: str
):
    load_lock(engine, tmp_path, registry, LOCK)
    old = {"dependencies": {"pad": {"version": "npm:left-pad@1.3.0"}}}
    assert load_lock(engine, tmp_path, registry, old).state == "done"
    c = tables.packages.c
    assert rows(engine, select(c.name).where(c.mine.is_(True))) == [("left-pad",)]
    assert rows(engine, select(c.name).where(c.gonetime.is_not(None))) == []


@on_sqlite
def test_registry_that_is_down_is_tried_sooner_and_no_lock_file_is_no_set_up(
    engine: Engine, tmp_path: Path
):
    lock: dict[str, object] = {"packages": {"node_modules/left-pad": {}}}
    for code in (503, 522):
        with source({"/left-pad": (code, {})}) as url:
            assert load_lock(engine, tmp_path, url, lock).exitcode == 75
    with source({"/left-pad": (200, {})}) as url:
        cut = b'{"name":"left-pad","versions":{"1.0.0":{"name":"left'
    with source({"/left-pad": (200, cut)}) as url:
        ended = load_lock(engine, tmp_path, url, lock)
        assert (ended.exitcode, ended.changed) == (75, 0)
        assert ended.logtail.endswith("left-pad: the answer ends half way")
    assert load(engine, "npm").exitcode == 78


def test_token_that_is_refused_ends_the_load_and_a_private_package_none(monkeypatch, capsys):
    feed = module("npm")
    with source({"/left-pad": (401, {})}) as url:
        monkeypatch.setenv("SOURCE_NPM_URL", url)
        assert feed.load_package("left-pad")
        monkeypatch.setenv("SOURCE_NPM_TOKEN", "old")
        with pytest.raises(feed.SourceDown, match="401"):
            feed.load_package("left-pad")


def test_what_a_version_needs_is_told_once_each_by_its_real_name(capsys):
    given = {
        "dependencies": {"a": "^1", "both": "1", "own": "npm:@them/other@^2"},
        "optionalDependencies": {"both": "1"},
        "peerDependencies": {"react": ">=18", "vue": "3"},
        "peerDependenciesMeta": {"vue": {"optional": True}},
    }
    module("npm").emit_needs("app", "1", given)
    told = [json.loads(line)["record"] for line in capsys.readouterr().out.splitlines()]
    assert [(one["name"], one["range"], one["kind"], one["onlyif"]) for one in told] == [
        ("both", "1", "optional", None),
        ("a", "^1", "runtime", None),
        ("@them/other", "^2", "runtime", None),
        ("react", ">=18", "runtime", "peer"),
        ("vue", "3", "optional", "peer"),
    ]


def told_of(document: dict, capsys) -> list[tuple[str, dict]]:
    """Return the streams and records that a packument leads to."""
    feed = module("npm")
    feed.emit_package("app", *feed.read_packument(io.BytesIO(json.dumps(document).encode())))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(line["stream"], line["record"]) for line in lines]


def test_unpublished_versions_are_taken_back(capsys):
    day = "2026-01-0{}T00:00:00.000Z"
    times = {"created": day.format(1), "1.0.0": day.format(2), "1.0.1": day.format(3)}
    whole = {"dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {"version": "1.0.0"}}}
    told = [record for stream, record in told_of({**whole, "time": times}, capsys)][1:]
    assert [(one["version"], one["yanked"], one["yankreason"]) for one in told] == [
        ("1.0.0", False, None),
        ("1.0.1", True, "unpublished"),
    ]
    gone = {"time": {**times, "unpublished": {"time": day.format(4), "versions": ["1.0.0"]}}}
    told = [record for _, record in told_of(gone, capsys)]
    assert told[0]["latestversion"] is None
    assert sorted((one["version"], one["yanked"]) for one in told[1:]) == [
        ("1.0.0", True),
        ("1.0.1", True),
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"dependencies": [], "optionalDependencies": "x", "peerDependencies": None},
        {"peerDependencies": {"a": "1"}, "peerDependenciesMeta": {"a": True}},
        {"dependencies": {"a": None}, "dist": [], "license": ["MIT"]},
    ],
)
@pytest.mark.parametrize("own", [{}, {"time": None}, {"time": {"1.0.0": None}}, {"dist-tags": []}])
def test_odd_fields_of_old_documents_end_no_load(odd: dict, own: dict, capsys):
    document = {"versions": {"1.0.0": {"version": "1.0.0", **odd}}, **own}
    told = dict(told_of(document, capsys))
    assert told["packages"]["latestversion"] == "1.0.0"
    assert told["versions"]["published_at"] is None
    assert told.get("dependencies", {}).get("name") in (None, "a")


def test_folder_of_a_repository_is_part_of_its_address():
    given = {"repository": {"url": "git+https://github.com/o/r.git", "directory": "./packages/a/"}}
    url = "git+https://github.com/o/r.git/tree/HEAD/packages/a"
    assert module("npm").addresses(given) == [("repository", url)]


@pytest.mark.parametrize("piece", [1, 7, 65_536])
def test_document_is_read_the_same_in_pieces_of_any_size(piece: int, monkeypatch):
    reading = module("npm", "packument")
    monkeypatch.setattr(reading, "PIECE", piece)
    given = {
        "a": 12,
        "vers\u00e9\U0001f600": {"1": {"x": [1, 'é}{"']}, "2": None},
        "z": {},
        "n": 1.5,
    }
    text = json.dumps(given, ensure_ascii=False, indent=1).encode()
    reader, told = reading.Reader(io.BytesIO(text)), {}
    for key in reader.members():
        if key in ("vers\u00e9\U0001f600", "z"):
            told[key] = {each: reader.value() for each in reader.members()}
        else:
            told[key] = reader.value()
    assert told == given
