"""What sources answer that are broken, cut, or say odd things of one of many packages."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import Engine, select

from feedrunner.manifest import read_manifest
from feedrunner.messages import Record, read_messages
from schema.tables import packages as tables
from tests.feeds.shipped import FEEDS, cutting, load, module, rows, sample, source

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
ODD = [
    None, True, 0, -1, 2**70, 1.5, "", " ", "x" * 600, "\0", "caf\ud83d", "0001-01-01T00:00:00Z",
    "2026-02-30T00:00:00Z", "1969-12-31T23:59:59.5Z", "2999-01-01T00:00:00Z", [], ["x"], {},
    {"": ""},
]  # fmt: skip


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CUT = {
    "in a piece": OK + b'Transfer-Encoding: chunked\r\n\r\nff\r\n{"versions": {',
    "before its length": OK + b'Content-Length: 999\r\n\r\n{"versions": {',
    "in its head": b"HTTP/1.1 2",
    "no http": b"SSH-2.0-OpenSSH_9.2\r\n",
}


def odd_ones(value: Any) -> Iterator[Any]:
    """Yield a document as often as it has places, with something odd in one of them."""
    if isinstance(value, dict):
        for key, inner in value.items():
            for odd in odd_ones(inner):
                yield {**value, key: odd}
            yield {name: each for name, each in value.items() if name != key}
            for name in ("", "x" * 600, "\0", "\ud83d"):
                yield {name if each == key else each: value[each] for each in value}
    if isinstance(value, list):
        for at, inner in enumerate(value):
            for odd in odd_ones(inner):
                yield [*value[:at], odd, *value[at + 1 :]]
    yield from ODD


def judge(feed: str, out: str) -> list[Record]:
    """Return the records of a feed's output as its runner reads it. Raises BadLine."""
    allowed = read_manifest(FEEDS / feed / "feed.toml").allowed
    messages = read_messages(out.encode().splitlines(), allowed)
    return [each for each in messages if isinstance(each, Record)]


PACKUMENT = {
    "name": "app",
    "description": "an app",
    "dist-tags": {"latest": "1.0.0"},
    "versions": {
        "1.0.0": {
            "version": "1.0.0",
            "license": "MIT",
            "gitHead": "a" * 40,
            "dist": {"unpackedSize": 7, "integrity": "sha512-x"},
            "dependencies": {"pad": "^1"},
            "peerDependencies": {"react": ">=18"},
            "peerDependenciesMeta": {"react": {"optional": True}},
        }
    },
    "time": {"1.0.0": "2026-01-02T00:00:00.000Z", "0.9.0": "2026-01-01T00:00:00.000Z"},
    "repository": {"url": "https://github.com/o/r", "directory": "a"},
    "homepage": "https://example.org",
    "bugs": {"url": "https://example.org/bugs"},
}


def test_whatever_a_packument_says_is_lines_that_the_runner_takes(capsys):
    feed, count = module("npm"), 0
    for document in odd_ones(PACKUMENT):
        try:
            parts = feed.read_packument(io.BytesIO(json.dumps(document).encode()))
        except ValueError:
            continue  # no object: its package is named, and the others go on
        feed.emit_package("app", *parts)
        assert judge("npm", capsys.readouterr().out)[0].values["import_id"] == "app"
        count += 1
    assert count > 400


FILES = {
    "files": [
        {
            "filename": "app-1.0.tar.gz",
            "upload-time": "2026-01-01T00:00:00.5Z",
            "yanked": "broken",
            "size": 7,
        },
        {"filename": "app-0.9.tar.gz", "upload-time": "2026-01-01T00:00:00Z"},
    ]
}
INSTALLED = {
    "metadata": {"name": "app", "version": "1.0", "requires_dist": ["pad>1"], "summary": "an app"},
    "download_info": {"archive_info": {"hashes": {"sha256": "a" * 64}}},
}


class Answer(io.BytesIO):
    """An answer of JSON."""

    headers: ClassVar[dict[str, str]] = {"Content-Type": "application/json"}


def test_whatever_an_index_says_is_lines_that_the_runner_takes(capsys, monkeypatch):
    feed, count = module("pypi"), 0
    for document in odd_ones(FILES):
        body = json.dumps(document).encode()
        answer = Answer(body)
        monkeypatch.setattr(feed.urllib.request, "urlopen", lambda *_, a=answer, **__: a)
        feed.emit_package(INSTALLED)
        assert judge("pypi", capsys.readouterr().out)[0].values["import_id"] == "app"
        count += 1
    assert count > 150


SBOM = {
    "documentDescribes": ["SPDXRef-app"],
    "relationships": [{"relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-app"}],
    "packages": [
        {
            "SPDXID": "SPDXRef-1",
            "externalRefs": [
                {"referenceType": "purl", "referenceLocator": "pkg:npm/left%00pad@1.3.0"}
            ],
        }
    ],
}


def test_whatever_an_sbom_says_is_lines_that_the_runner_takes_or_is_told(capsys):
    feed, told = module("sbom"), 0
    repository = {"provider": "github", "gitid": 1, "name": "o/app", "url": "https://x.example"}
    for document in odd_ones(SBOM):
        feed.emit_repository(repository, document)
        out, error = capsys.readouterr()
        assert document is None or bool(judge("sbom", out)) != bool(error)
        told += bool(error)
    assert 10 < told < 200


def test_formula_of_another_form_is_told_by_its_number_and_name(
    tmp_path: Path, capsys, monkeypatch
):
    formula = {"name": "tree", "versions": [], "urls": {}, "dependencies": []}
    whole = {**formula, "build_dependencies": [], "uses_from_macos": []}
    (tmp_path / "formula.json").write_text(json.dumps([{**whole, "versions": {}}, whole]))
    monkeypatch.setenv("HOMEBREW_FORMULA", str(tmp_path / "formula.json"))
    assert module("homebrew").main() == 0
    (tmp_path / "formula.json").write_text(json.dumps([whole, {**whole, "versions": "1"}]))
    capsys.readouterr()
    assert module("homebrew").main() == 1
    assert "formula.json is wrong: formula 1 ('tree') has another form" in capsys.readouterr().err


def test_time_of_a_load_is_githubs_whose_clock_lists_the_runs():
    github = module("collect_ci_metrics", "github").Github("https://x.example", "")
    github.date = "Wed, 21 Oct 2015 07:28:00 GMT"
    assert github.now() == datetime(2015, 10, 21, 7, 28, tzinfo=UTC)
    github.date = "no date"
    assert github.now() > datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("cut", CUT)
@pytest.mark.parametrize(
    ("feed", "name", "env"),
    [
        ("npm", "NPM", {"NPM_LOCK": "package-lock.json"}),
        ("crates", "CRATES", {}),
        ("homebrew", "HOMEBREW", {}),
        ("upstream", "GITHUB", {"UPSTREAM_REPOS": "octo-org/app"}),
        ("collect_ci_metrics", "GITHUB", {"REPOSITORIES": "octo-org/app"}),
    ],
)
@on_sqlite
def test_answer_that_is_cut_is_tried_sooner(
    engine: Engine, tmp_path: Path, cut: str, feed: str, name: str, env: dict[str, str]
):
    lock = tmp_path / "package-lock.json"
    lock.write_text(json.dumps({"packages": {"node_modules/left-pad": {}}}), "utf-8")
    own = {**env, "NPM_LOCK": str(lock)} if "NPM_LOCK" in env else env
    with cutting(CUT[cut]) as url:
        ended = load(engine, feed, {f"SOURCE_{name}_URL": url, "SOURCE_GITHUB_TOKEN": "t"}, **own)
    assert (ended.exitcode, ended.changed) == (75, 0)
    assert "Traceback" not in ended.logtail


@on_sqlite
def test_package_whose_document_is_broken_keeps_no_other_away(engine: Engine, tmp_path: Path):
    lock = tmp_path / "package-lock.json"
    lock.write_text(json.dumps({"packages": {f"node_modules/{name}": {} for name in "ab"}}))
    answers: dict[str, tuple[int, Any]] = {
        "/a": (200, b"<html>come back later</html>"),
        "/b": (200, sample("npm-packuments.json")["left-pad"]),
    }
    with source(answers) as url:
        ended = load(engine, "npm", {"SOURCE_NPM_URL": url}, NPM_LOCK=str(lock))
    assert ended.exitcode == 75
    assert "a: '{' is missing" in ended.logtail
    assert rows(engine, select(tables.packages.c.name)) == [("b",)]
