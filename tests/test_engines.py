"""Which engines a session runs on, and that its last line says so. Sessions are real ones."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SQLITE = f"sqlite {sqlite3.sqlite_version}"
NO_MYSQL = "mysql (MYSQL_SERVER=/nowhere/mysql-server cannot be run, no MYSQL_URL)"
NO_MARIADB = "mariadb (ENGINES=sqlite,mysql)"
NO_POSTGRESQL = "postgresql (ENGINES=sqlite,mysql)"
ON_ENGINES = "def test_engine(engine_name): assert engine_name == 'sqlite'\n"


@pytest.fixture
def session(tmp_path: Path):
    """Run pytest over one file in an environment without MySQL; give exit code and lines."""

    def run(source: str, *args: str, **env: str) -> tuple[int, list[str]]:
        (tmp_path / "test_it.py").write_text(source)
        plain = {k: v for k, v in os.environ.items() if k not in ("MYSQL_URL", "REQUIRE_ENGINES")}
        without = {"ENGINES": "sqlite,mysql", "MYSQL_SERVER": "/nowhere/mysql-server"}
        options = ["--confcutdir", str(tmp_path), "-p", "tests.conftest", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *args, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=ROOT,
            env={**plain, **without, **env},
        )
        return done.returncode, (done.stdout + done.stderr).splitlines()

    return run


def test_missing_engine_is_named_in_the_last_line(session):
    code, lines = session(ON_ENGINES)
    assert code == 0
    assert lines[-1] == (
        f"engines: ran {SQLITE}; did not run: {NO_MARIADB}, {NO_MYSQL}, {NO_POSTGRESQL}"
    )
    assert "1 passed, 3 deselected" in lines[-2]


def test_missing_engine_that_is_required_fails(session):
    code, lines = session(ON_ENGINES, REQUIRE_ENGINES="sqlite,mysql")
    assert code != 0
    assert any("REQUIRE_ENGINES" in line and "mysql: MYSQL_SERVER" in line for line in lines)


def test_required_engine_without_any_test_fails(session):
    code, lines = session("def test_nothing(): pass\n", REQUIRE_ENGINES="sqlite")
    assert code == 1
    assert any(
        line.startswith("engines: ran none; did not run: sqlite (no test of it ran)")
        for line in lines
    )


def test_required_engine_that_ran_passes(session):
    code, _ = session(ON_ENGINES, REQUIRE_ENGINES="sqlite")
    assert code == 0


def test_failed_test_still_ends_with_the_line(session):
    code, lines = session("def test_engine(engine_name): assert engine_name == ''\n")
    assert code == 1
    assert lines[-1].startswith(f"engines: ran {SQLITE};")


def test_private_server_that_cannot_be_had_is_named(session):
    source = "def test_own(engine_name, private_server): pass\n"
    code, lines = session(source, ENGINES="mysql", MYSQL_URL="mysql://root@127.0.0.1:1")
    assert code == 5  # pytest: no tests were collected
    reason = "MYSQL_SERVER=/nowhere/mysql-server cannot be run"
    assert lines[-1].endswith(f", mysql servers of a test's own (1 tests: {reason})")


def test_unknown_engine_name_is_refused(session):
    code, lines = session(ON_ENGINES, ENGINES="sqllite")
    assert code == 4  # pytest: usage error
    assert "ERROR: ENGINES: no engine is called sqllite" in lines
