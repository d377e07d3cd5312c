"""Where the database is: arguments, environment, `.env`; and what is never shown."""

import shutil
import sqlite3
import ssl
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import sqlauthenticator
from sqlauthenticator import connector, find_place, parse_dotenv, tls_arguments

ANALYST = (
    "from sqlauthenticator import connector;"
    " print(connector('any').execute('SELECT * FROM mark').fetchall())"
)
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - nothing is bound to it
SERVER = "mysql+pymysql://reader@db.example.org:3307/shark_dashboard_db"


def make_file(path: Path, name: str) -> None:
    """Make an SQLite file with one table `mark` that holds `name`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE mark (name TEXT)")
        made.execute("INSERT INTO mark VALUES (?)", (name,))


def mark(**options: Any) -> str:
    """Connect and tell which file it is."""
    with closing(connector("unused on SQLite", **options)) as connection:
        return str(connection.execute("SELECT name FROM mark").fetchone()[0])


def test_default_is_the_store_in_the_current_folder():
    make_file(Path("data/shark_dashboard.db"), "default")
    assert mark() == "default"


def test_settings_are_found_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("a", "b", "c", "d", "e"):
        make_file(tmp_path / f"{name}.db", name)
    Path(".env").write_text(f"DATABASE_URL=sqlite:///{tmp_path}/a.db\n")
    assert mark() == "a"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/b.db")
    assert mark() == "b"
    monkeypatch.setenv("DATABASE_READ_URL", f"sqlite:///{tmp_path}/c.db")
    assert (mark(), mark(write=True)) == ("c", "b")
    assert mark(url=f"sqlite:///{tmp_path}/d.db") == "d"
    monkeypatch.delenv("DATABASE_READ_URL")
    Path("url").write_text(f"sqlite:///{tmp_path}/e.db\n")
    monkeypatch.setenv("DATABASE_READ_URL_FILE", "url")
    assert mark() == "e"


def test_relative_file_starts_where_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_file(Path("runs/here.db"), "current folder")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///runs/here.db")
    assert mark() == "current folder"
    assert mark(url="sqlite:///runs/here.db") == "current folder"


def test_copy_finds_the_env_file_beside_it(tmp_path: Path):
    # An analyst's folder holds a copy and nothing else of ours; the work is done in another.
    folder, elsewhere = tmp_path / "copy", tmp_path / "elsewhere"
    elsewhere.mkdir()
    make_file(folder / "runs.db", "beside")
    shutil.copy(str(sqlauthenticator.__file__), folder)
    (folder / ".env").write_text("export DATABASE_READ_URL='sqlite:///runs.db'  # relative\n")
    script = f"import sys; sys.path.insert(0, {str(folder)!r}); {ANALYST}"
    command = [sys.executable, "-I", "-c", script]
    told = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert (told.stdout, told.stderr) == ("[('beside',)]\n", "")
    (elsewhere / ".env").write_text("DATABASE_URL=sqlite:///none.db")
    told = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert f"there is no SQLite database {elsewhere}/none.db" in told.stderr


def test_dotenv_is_read_as_shells_write_it():
    text = """
        # a comment
        A=plain   # and a comment
        export B = "double # quoted"
        C='single $HOME' # comment
        D="with \\"quotes\\" and \\\\ backslash"
        E=pa#ss$w0rd=
        F=
        G=# no comment
        H=  # a comment
        not an assignment
    """
    assert parse_dotenv(text) == {
        "A": "plain",
        "B": "double # quoted",
        "C": "single $HOME",
        "D": 'with "quotes" and \\ backslash',
        "E": "pa#ss$w0rd=",
        "F": "",
        "G": "# no comment",
        "H": "",
    }
    assert parse_dotenv("A=1\r\nB=2".replace("\r\n", "\n")) == {"A": "1", "B": "2"}


def test_password_joins_the_url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def password(given: str | None, url: str) -> str:
        return str(find_place(given, url, write=False).password)

    with_one = SERVER.replace("reader@", "reader:in%40url@")
    assert password(None, SERVER) == ""
    assert password(None, with_one) == "in@url"
    monkeypatch.setenv("DATABASE_PASSWORD", "from environment")
    assert password(None, SERVER) == "from environment"
    assert password(None, with_one) == "in@url"
    assert password("argument", with_one) == "argument"
    monkeypatch.delenv("DATABASE_PASSWORD")
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / "secret"))
    assert password(None, SERVER) == "from a file"


@pytest.mark.parametrize("host", [None, "localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_is_reached_without_demands(host: str | None):
    assert tls_arguments(host, "on", None) == {}


@pytest.mark.parametrize(
    "host",
    ["db.example.org", "10.0.0.1", ANY_ADDRESS, "localhost.example.org", "::2", "127.1.example"],
)
def test_another_machine_is_reached_over_verified_tls_only(host: str):
    arguments = tls_arguments(host, "on", None)
    assert list(arguments) == ["ssl"]
    assert arguments["ssl"].verify_mode is ssl.CERT_REQUIRED
    assert arguments["ssl"].check_hostname is True
    assert tls_arguments(host, "off", None) == {"ssl_disabled": True}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_SSL", "of", "DATABASE_SSL is neither on nor off"),
        ("DATABASE_SSL_CA", "missing.pem", "holds no certificates that can be read: No such file"),
        ("DATABASE_SSL_CA", __file__, "holds no certificates that can be read"),
        ("DATABASE_PASSWORD_FILE", "missing", "missing cannot be read: No such file"),
    ],
)
def test_bad_setting_is_one_sentence(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(name, value)
    with pytest.raises(sqlite3.OperationalError, match=sentence):
        connector(url=SERVER)


@pytest.mark.parametrize(
    "url",
    [
        "oracle://reader:hidden@host/db",
        "mysql://reader:hidden@host:port/db",
        "reader:hidden@host/db",
        "sqlite3://hidden",
    ],
)
def test_url_of_no_engine_we_know_is_one_sentence_without_it(url: str):
    with pytest.raises(sqlite3.OperationalError, match="the database's URL is not like") as raised:
        connector(url=url)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["sqlite:///missing.db", "sqlite://", "sqlite:///:memory:", "sqlite:///."]
)
@pytest.mark.parametrize("write", [False, True])
def test_missing_sqlite_file_is_said_and_never_made(url: str, write: bool):
    with pytest.raises(sqlite3.OperationalError, match=r"^there is no SQLite database .+$"):
        connector(url=url, write=write)
    assert list(Path.cwd().iterdir()) == []


def test_file_of_another_kind_is_said():
    Path("other.db").write_text("not a database at all, but long enough to have a header" * 20)
    with pytest.raises(sqlite3.OperationalError, match="cannot be read as an SQLite database"):
        connector(url="sqlite:///other.db")


def test_python_without_the_packages_is_told_what_to_install(tmp_path: Path):
    shutil.copy(sqlauthenticator.__file__, tmp_path)
    bare = [sys.executable, "-S", "-c", "import sqlauthenticator"]  # -S: without site-packages
    done = subprocess.run(bare, cwd=tmp_path, capture_output=True, text=True, check=False)
    said = done.stderr.splitlines()[-1]
    assert said.startswith("ImportError: No module named 'pymysql'; sqlauthenticator needs: pip")
