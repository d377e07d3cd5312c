"""The lake in a bucket of SeaweedFS, a server that keeps objects on a disk, beside moto's."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from config.lake_place import read_lake
from lake import cli
from lake.catalog import open_lake
from lake.why_failed import GOES_ON
from schema import migrate
from tests.counts import ALL
from tests.lake import lakes, seaweedfs

pytestmark = [
    pytest.mark.skipif(not ALL, reason="in make test-lake"),
    pytest.mark.skipif(seaweedfs.program() is None, reason="no weed in build/seaweedfs or on PATH"),
]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "weed"
    folder.mkdir()
    with seaweedfs.started(folder) as address:
        yield address


@pytest.fixture
def pair(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> lakes.Pair:
    store = f"sqlite:///{tmp_path}/store.db"
    migrate.upgrade(store)
    monkeypatch.chdir(tmp_path)
    settings = {
        "LAKE_CATALOG": f"sqlite:{tmp_path}/c.sqlite",
        "LAKE_DATA": f"s3://{seaweedfs.BUCKET}/years/",
        "AWS_ACCESS_KEY_ID": seaweedfs.KEY,
        "AWS_SECRET_ACCESS_KEY": seaweedfs.SECRET,
        "AWS_ENDPOINT_URL": url,
    }
    for name, value in {"DATABASE_URL": store, **settings}.items():
        monkeypatch.setenv(name, value)
    return lakes.make(store, tmp_path)._replace(place=read_lake(settings, tmp_path))


def test_lake_is_synced_maintained_proven_and_published_in_a_real_bucket(
    pair: lakes.Pair, capsys: pytest.CaptureFixture[str]
):
    assert cli.main(["sync"]) == 0
    pair.touch(range(30), "changed")
    assert cli.main(["sync"]) == 0
    assert cli.main(["maintain"]) == 0
    assert pair.differences() == []
    with closing(open_lake(pair.place, write=True)) as lake:
        lake.execute("CALL ducklake_expire_snapshots('lake', older_than => now())")
        lake.execute("CALL ducklake_cleanup_old_files('lake', cleanup_all => true)")
        lake.execute("CALL ducklake_delete_orphaned_files('lake', cleanup_all => true)")
    assert cli.main(["check"]) == 0, "no file that it needs is gone"
    target = f"s3://{seaweedfs.BUCKET}/frozen"
    assert cli.main(["publish", target]) == 0
    pair.touch([3], "changed again")
    assert cli.main(["sync"]) == 0
    capsys.readouterr()
    assert cli.main(["publish", target]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert not said.out.startswith("0 files")
    assert seaweedfs.SECRET not in said.out


def test_reader_of_a_real_bucket_reads_and_is_told_what_it_may_not(
    pair: lakes.Pair, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    assert cli.main(["sync"]) == 0
    pair.touch(range(30), "changed")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweedfs.READER)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweedfs.READERS_SECRET)
    assert cli.main(["query", "SELECT count(url) FROM jobs", "--csv"]) == 0
    capsys.readouterr()
    assert cli.main(["sync"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("lake.py: the bucket may not be written with these keys")
    assert said.endswith(f"{GOES_ON}\n")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    assert cli.main(["query", "SELECT max(url) FROM jobs"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("lake.py: the bucket's server does not know these keys")
    assert "not-the-secret" not in said
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", seaweedfs.KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", seaweedfs.SECRET)
    assert cli.main(["sync"]) == 0
    assert pair.differences() == []
    with closing(sqlite3.connect(pair.place.catalog)) as catalog:
        assert seaweedfs.SECRET not in "\n".join(catalog.iterdump())
