"""The distributions of pip's report, with the versions that an index lists: both recorded."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from feedrunner.manifest import read_manifest
from feedrunner.runner import load_lines
from schema.tables import packages as tables
from tests.feeds.shipped import FEEDS, addresses, load, module, needs, rows, sample, source

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture
def index():
    """Give the address of an index that has the recorded packages."""
    with source({f"/{name}/": (200, it) for name, it in sample("pypi-simple.json").items()}) as url:
        yield url


def load_report(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    """Load what the feed prints of the recorded report."""
    assert module("pypi").emit_all(sample("pip-report.json")["install"]) == 0
    lines = [capsys.readouterr().out.encode()]
    ended = load_lines(engine, read_manifest(FEEDS / "pypi" / "feed.toml"), lines, lambda: 0)
    assert ended.error == ""


@on_sqlite
def test_distributions_come_with_all_versions_and_what_the_resolved_one_needs(
    engine: Engine, capsys, index: str, monkeypatch
):
    monkeypatch.setenv("SOURCE_PYPI_URL", index)
    load_report(engine, capsys)
    c, v = tables.packages.c, tables.versions.c
    assert rows(engine, select(c.import_id, c.name, c.latestversion).order_by(c.name)) == [
        ("flask", "Flask", "3.0.0"),
        ("blinker", "blinker", "1.9.0"),
        ("charset-normalizer", "charset-normalizer", "3.5.3"),
    ]
    flask = select(v.version, v.published_at, v.yanked).join(tables.packages, c.Id == v.package_id)
    assert rows(engine, flask.where(c.import_id == "flask").order_by(v.published_at)) == [
        ("0.1", datetime(2010, 4, 16, 14, 29, 37, 458396), False),
        ("0.10", datetime(2013, 6, 13, 8, 35, 51, 483512), False),
        ("3.0.0", datetime(2023, 9, 30, 14, 36, 10, 961495), False),
    ]
    told = needs(engine, "Flask")
    assert told[0] == ("werkzeug", ">=3.0.0", "runtime", None)
    assert told[5] == ("importlib-metadata", ">=3.6.0", "runtime", "python_version < '3.10'")
    assert told[6] == ("asgiref", ">=3.2", "optional", 'extra == "async"')
    assert addresses(engine, "Flask") == [
        ("changelog", "https://flask.palletsprojects.com/changes/"),
        ("documentation", "https://flask.palletsprojects.com/"),
        ("issues", "https://github.com/pallets/flask/issues/"),
        ("source", "https://github.com/pallets/flask/"),
    ]


@pytest.mark.parametrize(
    ("file", "name", "version"),
    [
        ("python-3parclient-4.2.tar.gz", "python-3parclient", "4.2"),
        ("iso-639-0.4.5.tar.gz", "iso-639", "0.4.5"),
        ("iso_639-0.4.5-py3-none-any.whl", "iso-639", "0.4.5"),
        ("zope.interface-5.0.0.win32-py3.8.exe", "zope-interface", "5.0.0"),
        ("pytz-2013b-py2.7.egg", "pytz", "2013b"),
        ("app-1.0-rc1.tar.gz", "app", "1.0rc1"),
        ("app-1.0-1-py3-none-any.whl", "app", "1.0"),
        ("other-1.0.tar.gz", "app", None),
        ("app-latest.zip", "app", None),
    ],
)
def test_version_of_a_file_is_what_follows_the_name_of_its_package(
    file: str, name: str, version: str | None
):
    assert module("pypi").version_of(file, name) == version


def test_package_of_an_address_of_its_own_is_not_asked_of_the_index(capsys, monkeypatch):
    monkeypatch.setenv("SOURCE_PYPI_URL", "http://127.0.0.1:9")  # which answers nothing
    source = {"url": "https://git.example.org/app.git", "vcs_info": {"commit_id": "a" * 40}}
    given = {"metadata": {"name": "app", "version": "1.0"}, "download_info": source}
    assert module("pypi").emit_all([{**given, "is_direct": True}]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [line["record"] for line in lines if line.get("stream") == "versions"]
    assert told[-1]["commithash"] == "a" * 40
    assert module("pypi").emit_all([given]) == 75


def test_yanked_is_false_true_or_the_reason_of_every_file():
    read = module("pypi").version_values
    files = sample("pypi-simple.json")["alembic"]["files"]
    assert read(files)["yanked"] is True
    assert read(files)["yankreason"] == "something went wrong with alembic init"
    assert read([{"yanked": True}, {"yanked": False}])["yanked"] is False
    assert (read([{"yanked": ""}])["yanked"], read([{"yanked": ""}])["yankreason"]) == (True, None)
    assert read([{"yanked": None}])["yanked"] is False
    times = [{"upload-time": "2023-01-01T00:00:00Z"}, {"upload-time": "2023-01-01T00:00:00.5Z"}]
    assert read(times)["published_at"] == "2023-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "name", "span", "marker"),
    [
        ("Foo.Bar_baz (>=1,<2)", "Foo.Bar_baz", ">=1,<2", None),
        ("foo[a,b]>=1 ; python_version < '3'", "foo", ">=1 ", "python_version < '3'"),
        ("foo @ https://x.example/foo.whl ; extra == 'x'", "foo", None, "extra == 'x'"),
        ("foo", "foo", "", None),
    ],
)
def test_requirement_is_read(text: str, name: str, span: str, marker: str | None):
    match = module("pypi").REQUIRED.fullmatch(text)
    assert (match["name"], match["range"], match["marker"]) == (name, span, marker)


@on_sqlite
def test_missing_requirements_are_no_set_up_and_what_pip_says_is_no_line(
    engine: Engine, tmp_path: Path
):
    ended = load(engine, "pypi", PYPI_REQUIREMENTS=str(tmp_path / "none.txt"))
    assert (ended.exitcode, ended.logtail) == (
        78,
        f"PYPI_REQUIREMENTS: no file {tmp_path}/none.txt",
    )
    (tmp_path / "bad.txt").write_text("never was==", "utf-8")
    with source({}) as url:
        own = {"SOURCE_PYPI_URL": url}
        ended = load(engine, "pypi", own, PYPI_REQUIREMENTS=str(tmp_path / "bad.txt"))
    assert ended.error == "ended with exit code 1"
    assert "Invalid requirement" in ended.logtail


@pytest.mark.parametrize("code", [429, 500, 503, 522])
def test_index_that_is_down_is_tried_sooner(capsys, monkeypatch, code: int):
    with source({"/flask/": (code, {})}) as url:
        monkeypatch.setenv("SOURCE_PYPI_URL", url)
        assert module("pypi").emit_all(sample("pip-report.json")["install"]) == 75


def test_index_of_which_pip_gets_nothing_is_down_or_has_no_such_package(monkeypatch):
    feed = module("pypi")
    for code, down in ((503, True), (522, True), (200, False), (404, False), (401, False)):
        with source({"/simple/": (code, {})}) as url:
            monkeypatch.setenv("SOURCE_PYPI_URL", f"{url}/simple")
            assert feed.is_down() is down
    assert feed.is_down()  # nobody listens there any more
    monkeypatch.setenv("SOURCE_PYPI_URL", "file:///nowhere")
    assert not feed.is_down()


def test_packages_that_left_the_closure_are_told(capsys):
    module("pypi").emit_left(["b"], {"a", "b"})
    record = json.loads(capsys.readouterr().out)["record"]
    assert record == {"name": "a", "import_id": "a", "mine": False}
