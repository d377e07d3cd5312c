"""A frozen lake: what is in it, who can read it, and what becomes of the one before."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from flask import Flask, Response, send_from_directory
from werkzeug.serving import make_server

from config.lake_place import LakeSettings, read_lake
from engines import connect, connect_reader
from lake import cli, publish
from lake.catalog import open_lake, secrets_of
from lake.extensions import open_duckdb
from lake.sync import Store
from schema import migrate
from tests.lake import lakes, s3
from tests.own_code import ROOT

READER = """
import sys
from lake.extensions import open_duckdb
lake = open_duckdb("ducklake", "httpfs")
lake.execute(sys.argv[1])
lake.execute("USE lake")
for query in sys.argv[2:]:
    print(lake.execute(query).fetchall())
"""
SUMS = "SELECT count(*), sum(hash(r)::HUGEINT)::VARCHAR FROM {} r"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store, and its lake after two syncs, in a folder."""
    folder = tmp_path_factory.mktemp("made")
    url = f"sqlite:///{folder}/store.db"
    migrate.upgrade(url)
    pair = lakes.make(url, folder)
    pair.sync()
    pair.touch([3], "corrected")
    pair.sync()
    pair.engine.dispose()
    return folder


@pytest.fixture
def pair(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> lakes.Pair:
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    url = f"sqlite:///{tmp_path}/store.db"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("LAKE_CATALOG", f"sqlite:{tmp_path}/lake/c.sqlite")
    monkeypatch.setenv("LAKE_DATA", f"{tmp_path}/lake/files")
    return lakes.Pair(
        Store(connect(url), connect_reader(url, read_seconds=60.0)), lakes.place_of(tmp_path)
    )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as a web server does that answers ranges; give its address."""
    app = Flask("files")

    @app.get("/lake/<path:name>")
    def send(name: str) -> Response:
        return send_from_directory(folder, name, conditional=True)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}/lake"
    finally:
        server.shutdown()
        thread.join()


def read(attachment: str, folder: Path, *queries: str) -> list[str]:
    """Ask a frozen lake in another process, and from another folder."""
    done = subprocess.run(
        [sys.executable, "-c", READER, attachment, *queries],
        cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def parquet(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("*.parquet")}


def replace_files(place: LakeSettings) -> None:
    """Write a table's files anew, and forget the snapshots that had the old ones."""
    with closing(open_lake(place, write=True)) as lake:
        lake.execute("CALL ducklake_rewrite_data_files('lake', 'jobs', delete_threshold => 0)")
        lake.execute("CALL ducklake_expire_snapshots('lake', older_than => now())")


def test_anybody_reads_it_over_http_with_its_history(
    pair: lakes.Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    frozen, elsewhere = tmp_path / "frozen", tmp_path / "elsewhere"
    elsewhere.mkdir()
    with served(frozen) as url:
        assert cli.main(["publish", str(frozen), "--url", url]) == 0
        attachment = capsys.readouterr().out.splitlines()[-1]
        assert attachment == f"ATTACH 'ducklake:{url}/catalog.ducklake' AS lake (READ_ONLY);"
        tables = ("workflowruns", "jobs", "commits", "syncs")
        then = "SELECT count(*) FROM jobs AT (VERSION => 2) WHERE failedstep = 'corrected'"
        said = read(attachment, elsewhere, *map(SUMS.format, tables), then)
    assert said[:-1] == [str(pair.ask(SUMS.format(table))) for table in tables]
    now = "SELECT count(*) FROM jobs WHERE failedstep = 'corrected'"
    assert (said[-1], pair.ask(now)) == ("[(0,)]", [(5,)])


def check_evidence(attachment: str, file: Path) -> None:
    """Run the SQL of the template in lake/evidence on a frozen lake."""
    folder = ROOT / "lake/evidence"
    export = (folder / "export.sql").read_text()
    (line,) = [line for line in export.splitlines() if line.startswith("ATTACH")]
    export = export.replace(line, attachment).replace("INSTALL", "-- INSTALL")
    with closing(open_duckdb("ducklake")) as shell:
        shell.execute(f"ATTACH '{file}' AS ci")
        shell.execute("USE ci")
        shell.execute(export)
        for query in (folder / "sources/ci").glob("*.sql"):
            shell.execute(f"CREATE VIEW {query.stem} AS {query.read_text()}")
        assert shell.execute("SELECT sum(runs) FROM runs_per_day").fetchone() == (40,)
        page = (folder / "pages/index.md").read_text()
        for sql in re.findall(r"```sql \w+\n(.*?)```", page, re.DOTALL):
            assert shell.execute(sql.replace("ci.", "")).fetchall()


def test_without_its_address_whoever_attaches_names_the_files_and_no_secret_is_in_it(
    pair: lakes.Pair,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAKEYOFTHETEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-secret-of-the-test")
    monkeypatch.setenv("LAKE_CATALOG_PASSWORD", "the-password-of-the-test")
    assert cli.main(["publish", "frozen"]) == 0
    said = capsys.readouterr().out.splitlines()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert read(said[1], elsewhere, "SELECT count(*) FROM jobs") == ["[(200,)]"]
    with served(tmp_path / "frozen") as url:
        attachment = said[3].replace("https://HOST/PATH", url)
        assert read(attachment, elsewhere, "SELECT count(*) FROM jobs") == ["[(200,)]"]
    check_evidence(said[1], tmp_path / "ci.duckdb")
    catalog = (tmp_path / "frozen" / publish.CATALOG).read_bytes()
    for secret in (b"AKIAKEY", b"the-secret", b"the-password", str(tmp_path).encode()):
        assert secret not in catalog


@pytest.mark.parametrize("name", ["frozen", "fro[z]en*"])
def test_files_go_once_no_reader_of_the_former_catalog_needs_them(
    pair: lakes.Pair, tmp_path: Path, name: str
):
    place, target = pair.place, read_lake({}, target=f"{tmp_path}/{name}")
    first = publish.publish(place, target)
    before = parquet(tmp_path / name)
    assert first.copied == first.files == len(before)
    replace_files(place)
    # Killed within a file:
    lost = next((tmp_path / name / "files/main/workflowruns").iterdir())
    whole = lost.read_bytes()
    lost.write_bytes(whole[:10])

    second = publish.publish(place, target)
    assert second.copied < second.files
    assert lost.read_bytes() == whole
    # What a copy of the catalog that is still open names is there.
    assert second.copied
    assert parquet(tmp_path / name) > before
    third = publish.publish(place, target)
    assert len(parquet(tmp_path / name)) == third.files < len(before) + second.copied


def test_bucket_is_published_to_and_one_that_refuses_is_a_sentence(
    pair: lakes.Pair,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    with s3.started() as server:
        for name, value in server.settings.items():
            if name != "LAKE_DATA":
                monkeypatch.setenv(name, value)
        place = f"s3://{s3.BUCKET}/public"
        assert cli.main(["publish", place]) == 0
        said = capsys.readouterr().out
        first, _, over_http = said.splitlines()[-3:]
        assert f"'ducklake:{server.url}/{s3.BUCKET}/public/catalog.ducklake'" in over_http
        assert s3.SECRET not in said
        assert s3.KEY not in said
        target = read_lake(target=place)
        # Moto shows nothing to who has no key.
        attachment = f"{secrets_of(target)[0]}; {first}"
        assert read(attachment, tmp_path, "SELECT count(*) FROM jobs") == ["[(200,)]"]
        server.refuse("PUT", "403 Forbidden", "AccessDenied", "Access Denied")
        server.refuse("POST", "403 Forbidden", "AccessDenied", "Access Denied")
        assert cli.main(["publish", f"s3://{s3.BUCKET}/other"]) == 1
        said = capsys.readouterr().err
        assert s3.SECRET not in said
        assert "the bucket" in said


def test_folder_of_something_else_is_left_alone(
    pair: lakes.Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    assert cli.main(["publish", "mine"]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert cli.main(["publish", "mine/letter.txt"]) == 2
    assert cli.main(["publish"]) == 2
    assert cli.main(["publish", "https://example.com"]) == 2
    assert cli.main(["publish", "frozen", "--url", "example.com"]) == 2
    assert "--url" in capsys.readouterr().err
    assert not (tmp_path / "frozen").exists()
    assert [file.name for file in (tmp_path / "mine").iterdir()] == ["letter.txt"]
    # Files without a catalog are of a first publication that was killed.
    (tmp_path / "half/files").mkdir(parents=True)
    with closing(open_lake(pair.place)) as lake:
        assert not publish.find_former(lake, read_lake(target="half"))
