"""Feeds as processes: what they see, what ends them, and what their output may be."""

import json
import os
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engines.lease import Lease, take
from feedrunner import process
from feedrunner.feed_lease import Busy
from feedrunner.output_files import read_from
from feedrunner.process import Process
from feedrunner.runner import load_lines, run_feed
from schema.tables.reconciler import leases
from tests.feedrunner.feed import loads, printing, record, state, stored, write_feed

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

APPLE = record("packages", name="apple")
SECRETS = {"DATABASE_PASSWORD": "x", "WEBHOOK_SECRET": "x", "GITHUB_TOKEN": "x", "PATH": "/usr/bin"}


def test_program_sees_its_folder_state_and_sources_and_nothing_else(engine: Engine, tmp_path):
    seen = tmp_path / "seen.json"
    program = (
        "import json, os\n"
        "state = open(os.environ['FEED_STATE']).read()\n"
        f"file = open({str(seen)!r}, 'w')\n"
        "json.dump([dict(os.environ), os.getcwd(), os.listdir(), state], file)\n"
    )
    manifest = write_feed(tmp_path, program)._replace(sources=("shop-eu",), env={"MY_NAME": "v"})
    run_feed(engine, manifest, {"PATH": "/usr/bin"})
    given = {**SECRETS, "SOURCE_SHOP_EU_TOKEN": "t", "SOURCE_OTHER_TOKEN": "o"}
    run_feed(engine, write_feed(tmp_path, printing([state(a=1)])), {"PATH": "/usr/bin"})
    run_feed(engine, manifest._replace(folder=write_feed(tmp_path, program).folder), given)
    environ, folder, held, last = json.loads(seen.read_text())
    assert held == []
    names = {"OUTPUTDIR", "HOME", "TMPDIR", "FEED_NAME", "FEED_STATE", "PYTHONUTF8", "PATH"}
    assert {*environ} - {"LC_CTYPE"} == names | {"MY_NAME", "SOURCE_SHOP_EU_TOKEN"}
    assert environ["OUTPUTDIR"] == environ["HOME"] == environ["TMPDIR"] == folder
    assert json.loads(last) == {"a": 1}


@pytest.mark.parametrize("url", ["registry.example.org", "https:/ /x", "https:// x", "http:///x"])
def test_source_without_an_address_is_told_by_its_setting(engine: Engine, tmp_path, url: str):
    manifest = write_feed(tmp_path, printing([APPLE]))._replace(sources=("shop-eu",))
    ended = run_feed(engine, manifest, {"PATH": "/usr/bin", "SOURCE_SHOP_EU_URL": url})
    assert ended.error == "SOURCE_SHOP_EU_URL is no address as https://host/path"
    for good in (
        "",
        "http://[::1]:8080",
        "file:///srv/lists",
    ):  # nothing is as if it were not there
        told = {"PATH": "/usr/bin", "SOURCE_SHOP_EU_URL": good, "SOURCE_SHOP_EU_TOKEN": ""}
        assert run_feed(engine, manifest, told).error == ""


def test_secrets_that_a_program_is_given_are_stars_in_its_log(engine: Engine, tmp_path):
    (tmp_path / "token").write_text("of-a-file\n")
    program = (
        "import os, sys\n"
        "seen = os.environ\n"
        "token = open(seen['SOURCE_FILE_TOKEN_FILE']).read().strip()\n"
        "print(seen['SOURCE_SHOP_URL'], 'refuses', seen['SOURCE_SHOP_TOKEN'], file=sys.stderr)\n"
        "print(token, 'glpat-' + 'x' * 20, 'https://a@b:c@d.example/x', file=sys.stderr)\n"
        "sys.stderr.write('at last ' + seen['SOURCE_SHOP_TOKEN'])\n"
    )
    manifest = write_feed(tmp_path, program)._replace(sources=("shop", "file"))
    given = {
        "PATH": "/usr/bin",
        "SOURCE_SHOP_URL": "https://deploy:hunter2@shop.example/simple",
        "SOURCE_SHOP_TOKEN": "of-the-environment",
        "SOURCE_FILE_TOKEN_FILE": str(tmp_path / "token"),
    }
    assert run_feed(engine, manifest, given).logtail.splitlines() == [
        "https://***@shop.example/simple refuses ***",
        "*** *** https://***@d.example/x",
        "at last ***",
    ]


def test_files_of_streams_are_read_as_if_printed(engine: Engine, tmp_path):
    program = (
        "import json, os\n"
        "path = os.environ['OUTPUTDIR']\n"
        'open(path + "/versions.ndjson", "w").write(\'{"package":"apple","version":"1"}\')\n'
        f'open(path + "/packages.ndjson", "wb").write({APPLE + chr(10).encode()!r})\n'
    )
    ended = run_feed(engine, write_feed(tmp_path, program), os.environ)
    assert ended.error == ""
    assert stored(engine)["versions"] == [("apple", "1", None)]


def test_orphan_that_holds_the_pipe_does_not_hold_the_load(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(process, "END_SECONDS", 0.3)
    orphan = "import subprocess; subprocess.Popen(['sleep', '60'])"
    began = time.monotonic()
    ended = run_feed(engine, write_feed(tmp_path, printing([APPLE], orphan)), os.environ)
    assert (ended.state, ended.changed) == ("done", 1)
    assert time.monotonic() - began < 20


def test_what_an_ended_program_printed_is_read_however_long_rows_take(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(process, "END_SECONDS", 0.0)  # as if each batch took longer than it
    lines = [record("packages", name=f"p{number:05}") for number in range(3000)]
    much = "import fcntl\nfcntl.fcntl(1, 1031, 2**20)\n"  # F_SETPIPE_SZ: all of it fits
    manifest = write_feed(tmp_path, much + printing(lines), timeout="60s")
    ended = Process(manifest, Path(sys.executable), tmp_path, {"PATH": "/usr/bin"})
    assert ended.child.wait(60) == 0
    ended.until = 0  # it was in time
    assert b"".join(ended.pieces()) == b"\n".join([*lines, b""])
    assert ended.wait() == 0


def test_program_that_runs_too_long_is_ended(engine: Engine, tmp_path):
    program = printing([APPLE, state(a=1)], "import time; time.sleep(60)")
    ended = run_feed(engine, write_feed(tmp_path, program, timeout="1s"), os.environ)
    assert (ended.state, ended.error) == ("failed", "ran longer than 1 s")
    assert stored(engine)["packages"] == [("apple", "apple", None)]


@pytest.mark.parametrize(
    ("end", "error"),
    [
        ("sys.exit(75)", "ended with exit code 75 (try again sooner)"),
        ("sys.exit(78)", "ended with exit code 78 (it is not set up)"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9"),
    ],
)
def test_program_that_fails_is_told_with_its_last_lines(
    engine: Engine, tmp_path, end: str, error: str
):
    program = f"import sys; print('no\\x07 token', file=sys.stderr, flush=True)\n{end}"
    ended = run_feed(engine, write_feed(tmp_path, program), os.environ)
    assert (ended.state, ended.error, ended.logtail) == ("failed", error, "no\ufffd token")
    assert loads(engine)[0][5] == error


def test_memory_that_is_only_reserved_is_not_what_a_program_uses(engine: Engine, tmp_path):
    limited = "import mmap, resource, time\n"
    limited += "while resource.getrlimit(resource.RLIMIT_DATA)[0] < 0: time.sleep(0.01)\n"
    reserve = "mmap.mmap(-1, 2**33, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ)\n"
    manifest = write_feed(tmp_path, limited + reserve + printing([APPLE]))._replace(memory=2**27)
    assert run_feed(engine, manifest, os.environ).error == ""  # as Node and Java do
    (tmp_path / "shop/shop.py").write_text(f"{limited}b'x' * 2**29")
    ended = run_feed(engine, manifest, os.environ)
    assert (ended.exitcode, ended.logtail.splitlines()[-1]) == (1, "MemoryError")


def test_line_that_never_ends_ends_the_load(engine: Engine, tmp_path):
    program = "import sys\nwhile True: sys.stdout.write('a' * 100_000)"
    ended = run_feed(engine, write_feed(tmp_path, program), os.environ)
    assert ended.error == "line 1: is longer than 1048576 bytes"


def test_feed_that_another_process_loads_is_left_alone(engine: Engine, tmp_path):
    assert take(Lease(engine, leases, "feed:shop", "another"), 60)
    with pytest.raises(Busy, match="shop is loaded by another process"):
        run_feed(engine, write_feed(tmp_path, printing([APPLE])), os.environ)
    assert (stored(engine)["packages"], loads(engine)) == ([], [])


def test_program_of_a_feed_that_another_process_loads_is_not_started(engine: Engine, tmp_path):
    begun = tmp_path / "begun"
    assert take(Lease(engine, leases, "feed:shop", "another"), 60)
    with pytest.raises(Busy):
        run_feed(engine, write_feed(tmp_path, f"open({str(begun)!r}, 'w')"), os.environ)
    assert not begun.exists()


def test_program_that_is_not_there_is_a_failed_load(engine: Engine, tmp_path):
    manifest = write_feed(tmp_path, "")._replace(command=("no-such-program",))
    ended = run_feed(engine, manifest, os.environ)
    assert (ended.state, ended.error) == ("failed", "No such file or directory: no-such-program")
    assert loads(engine) == [("shop", "failed", None, 0, 0, ended.error)]


def test_run_elsewhere_is_read_from_its_folder(engine: Engine, tmp_path):
    manifest, folder = write_feed(tmp_path, ""), tmp_path / "there"
    folder.mkdir()
    (folder / "stdout").write_bytes(APPLE + b"\n")
    (folder / "versions.ndjson").write_bytes(b'{"package":"apple","version":"1"}\n')
    assert load_lines(engine, manifest, read_from(folder), lambda: 0).error == ""
    assert stored(engine)["versions"] == [("apple", "1", None)]
    failed = load_lines(engine, manifest, read_from(folder), lambda: 4)
    assert failed.error == "ended with exit code 4"
