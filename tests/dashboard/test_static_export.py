"""The pages as files: every link leads to a file, and nothing is asked of a server."""

import html
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dashboard.app import create_app
from dashboard.static_export import LIST, CannotExport, ExportResult, export, name_of
from engines import connect
from schema import migrate
from store.open import open_engine
from tests.dashboard import stored
from tests.dashboard.browsing import PATIENT
from tests.dashboard.conftest import NOW, settings_for

LINK = re.compile(r'\b(?:href|src|action)="([^"#]+)(?:#[^"]*)?"')
HOSTILE = '<img src=x onerror=alert(1)>/../../"'

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export a store with two repositories, one of which has a hostile branch and job."""
    folder = tmp_path_factory.mktemp("export")
    url = f"sqlite:///{folder}/store.db"
    migrate.upgrade(url)
    engine = connect(url)
    one, other = stored.repo(engine, "octo-org/one"), stored.repo(engine, "octo-org/two")
    for days in range(3):
        created = NOW - timedelta(days=days, hours=7)
        stored.failed(engine, one, created, message=HOSTILE)
        gitid = stored.run(engine, other, created, branchname=HOSTILE, title=HOSTILE)
        stored.job(engine, other, gitid, created, name=HOSTILE)
    engine.dispose()
    write(url, folder / "site")
    return folder / "site"


def write(store_url: str, folder: Path, most: int = 3000) -> ExportResult:
    """Export a store."""
    settings = settings_for(store_url, folder.parent)
    reader = open_engine(settings, PATIENT)
    app = create_app(settings, reader, clock=lambda: NOW)
    app.extensions["site"] = app.extensions["site"]._replace(is_static=True)
    try:
        return export(app, folder, most)
    finally:
        reader.dispose()


def links(file: Path) -> list[str]:
    return [html.unescape(link) for link in LINK.findall(file.read_text())]


def test_every_link_of_an_export_leads_to_a_file_of_it(site: Path):
    pages = list(site.rglob("*.html"))
    assert {"index.html", "runs.html", "time.html", "flakes.html", "health.html"} <= {
        page.name for page in pages
    }
    for page in pages:
        for link in links(page):
            if not link.startswith("https://github.com/"):
                assert (page.parent / link).is_file(), (page, link)
        assert "<form" not in page.read_text().replace('<form method="dialog">', "")


def test_export_has_nights_runs_filters_and_sheets(site: Path):
    names = [str(file.relative_to(site)) for file in site.rglob("*")]
    text = "\n".join(names)
    assert len(re.findall(r"^nights/\d+/2026-03-10\.html$", text, re.MULTILINE)) == 2
    assert len(re.findall(r"^runs/github/\d+\.html$", text, re.MULTILINE)) == 6
    assert re.search(r"^runs-repo-octo-org-one-\w+\.html$", text, re.MULTILINE)
    assert re.search(r"^time-os-Windows-\w+\.html$", text, re.MULTILINE)
    assert re.search(r"^nights.*\.csv$", text, re.MULTILINE)
    assert "octo-org/two" not in (site / "index.html").read_text().split("<tbody>")[0]


def test_export_escapes_as_the_pages_do(site: Path):
    for page in site.rglob("*.html"):
        assert "<img src=x" not in page.read_text()


@on_sqlite
def test_second_export_replaces_the_first_and_nothing_else(
    tmp_path: Path, store_url: str, engine: Engine
):
    folder = tmp_path / "site"
    write(store_url, folder, most=14)
    (folder / "CNAME").write_text("pages.example.org")
    before = {file.name for file in folder.rglob("*") if file.is_file()}
    write(store_url, folder, most=12)
    assert (folder / "CNAME").read_text() == "pages.example.org"
    after = {file.name for file in folder.rglob("*") if file.is_file()}
    assert (len(before), len(after)) == (14 + 2, 12 + 2)
    assert after < before


@on_sqlite
def test_export_that_is_not_whole_says_so_on_every_page(
    tmp_path: Path, store_url: str, engine: Engine
):
    repoid = stored.repo(engine)
    for days in range(3):
        stored.run(engine, repoid, NOW - timedelta(days=days, hours=7))
    whole = write(store_url, tmp_path / "whole")
    assert (whole.left, whole.lack) == (0, "")
    part = write(store_url, tmp_path / "part", most=20)
    assert part.files == 20 < whole.files
    assert 0 < part.left <= whole.files - 20
    lack = f"At least {part.left} pages that these lead to were left out: an export stops at 20"
    assert part.lack == (f" {lack} files, those nearest to the start; a server has them all.")
    for page in (tmp_path / "part").rglob("*.html"):
        assert lack in page.read_text()
    assert "left out" not in (tmp_path / "whole" / "index.html").read_text()


@on_sqlite
def test_folder_with_other_files_is_left_alone(tmp_path: Path, store_url: str, engine: Engine):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(CannotExport, match="is not empty, and no export of these pages"):
        write(store_url, tmp_path)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["thesis.txt"]


@on_sqlite
def test_list_of_an_earlier_export_deletes_nothing_outside_its_folder(
    tmp_path: Path, store_url: str, engine: Engine
):
    folder = tmp_path / "site"
    folder.mkdir()
    (tmp_path / "thesis.txt").write_text("mine")
    (folder / LIST).write_text("../thesis.txt\nindex.html\n")
    write(store_url, folder, most=8)
    assert (tmp_path / "thesis.txt").exists()


@on_sqlite
def test_store_that_cannot_be_read_is_said(tmp_path: Path, engine_name: str):
    with pytest.raises(CannotExport, match="/ cannot be had: 503"):
        write(f"sqlite:///{tmp_path}/none.db", tmp_path / "site")


@pytest.mark.parametrize(
    ("url", "is_page", "name"),
    [
        ("/", True, "index.html"),
        ("/runs", True, "runs.html"),
        ("/nights/7/2026-03-10", True, "nights/7/2026-03-10.html"),
        ("/nights.csv", False, "nights.csv"),
        ("/static/base.css", False, "static/base.css"),
    ],
)
def test_file_is_called_as_its_address(url: str, is_page: bool, name: str):
    assert name_of(url, is_page) == name


def test_no_address_leads_out_of_the_folder():
    name = name_of("/runs/%2e%2e%2f..%2f/%2e%2e?repo=../../x", True)
    assert ".." not in name.split("/")
    assert not name.startswith("/")
