"""`python3 listener.py` as typed: what it prints, what stops it, how it ends."""

import re
import socket
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from listener.cli import main
from tests.listener.process import ROOT, Listener, environment, request, running
from tests.listener.sending import headers, recorded, sign
from tests.servers import free_port

BODY = recorded("push__branch_created")


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the listener where it must end by itself."""
    return subprocess.run(
        [sys.executable, str(ROOT / "listener.py"), *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def applied(listener: Listener, secret: str) -> bool:
    """Tell whether a delivery signed with this secret is applied."""
    signed = headers("push", BODY, X_Hub_Signature_256=sign(BODY, secret))
    return listener.post(BODY, signed).json == {"status": "applied"}


def test_help_names_each_flag_with_its_variable_and_how_to_write_a_password(tmp_path: Path):
    done = run(tmp_path, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    text = " ".join(done.stdout.split())
    for flag, variable in [
        ("-r ORG/REPO, --repo ORG/REPO", "REPOS"),
        ("-k KEY, --key KEY", "GITHUB_TOKEN"),
        ("-p PORT, --port PORT", "PORT"),
        ("-pwd PASSWORD, --password PASSWORD", "DATABASE_PASSWORD"),
        ("--host HOST", "HOST"),
    ]:
        described = text[text.rindex(flag) :]
        assert re.search(r"\[[A-Z_]+\]", described).group() == f"[{variable}]"
    assert "-pwdPASSWORD is not possible" in text
    assert "-pwd=-x" in text
    assert not (tmp_path / "data").exists()


def test_start_without_settings_makes_a_secret_and_prints_the_ways_in(tmp_path: Path):
    with running(tmp_path, "-r", "Org/Repo", secret=None) as listener:
        made = tmp_path / "data/webhook_secret"
        secret, said = made.read_text().strip(), listener.said()
        assert stat.S_IMODE(made.stat().st_mode) == 0o600
        assert re.fullmatch("[0-9a-f]{64}", secret)
        assert applied(listener, secret) is False  # not the repository it watches
        for way_in in [
            f"http://127.0.0.1:{listener.port}/webhook, watching Org/Repo",
            "Payload URL   https://YOUR-HOST/webhook",
            "Content type  application/json",
            "the text in data/webhook_secret",
            "Pushes, Branch or tag creation, Branch or tag deletion, Repositories, "
            "Workflow runs, Workflow jobs",
            "gh webhook forward --repo=Org/Repo "
            "--events=push,create,delete,repository,workflow_run,workflow_job",
            f'--url=http://localhost:{listener.port}/webhook --secret="$(cat data/webhook_secret)"',
            f"cloudflared tunnel --url http://localhost:{listener.port}\n",
            "smee-client 5: it writes the JSON anew",
            'python3 local-database.py -r "Org/Repo"',
        ]:
            assert way_in in said
        assert secret not in said + listener.log()
        assert listener.stop() == 0


def test_start_again_keeps_the_secret_and_the_store(tmp_path: Path):
    with running(tmp_path, secret=None) as listener:
        secret = (tmp_path / "data/webhook_secret").read_text().strip()
        delivered = headers("push", BODY, X_Hub_Signature_256=sign(BODY, secret))
        assert listener.post(BODY, delivered).json == {"status": "applied"}
        assert listener.stop() == 0
    with running(tmp_path, secret=None) as listener:
        assert "the text in data/webhook_secret" in listener.said()
        assert listener.post(BODY, delivered).json == {"status": "duplicate"}


def test_start_with_a_secret_of_the_operators_makes_none(tmp_path: Path):
    (tmp_path / "key").write_text("a secret out of a file\n")
    with running(tmp_path, secret=None, WEBHOOK_SECRET_FILE="key") as listener:
        assert applied(listener, "a secret out of a file")
        assert '--secret="$WEBHOOK_SECRET"' in listener.said()
        assert not (tmp_path / "data/webhook_secret").exists()


def test_start_reads_env_file_below_environment_below_flags(tmp_path: Path):
    (tmp_path / ".env").write_text("REPOS=from/dotenv\nWEBHOOK_SECRET='out of the .env file'\n")
    with running(tmp_path, secret=None) as listener:
        assert "watching from/dotenv." in listener.said()
        assert listener.post(BODY, headers("push", BODY)).code == 401
        assert not applied(listener, "out of the .env file")  # not watched, but signed
    with running(tmp_path, secret=None, REPOS="from/environment") as listener:
        assert "watching from/environment." in listener.said()
    with running(tmp_path, "-r", "a/b", "--repo", "c", REPOS="from/environment") as listener:
        assert "watching a/b, c." in listener.said()


def test_port_in_use_is_one_sentence_that_names_the_flag(tmp_path: Path):
    with socket.create_server(("", 0)) as other:
        port = other.getsockname()[1]
        done = run(tmp_path, "-p", str(port))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"listener.py: port {port} is in use: choose another with -p\n"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "variables", "line"),
    [
        (["-p", "0"], {}, "PORT: '0' is not a number from 1 to 65535"),
        ([], {"SPOOL_DIR": "a\nb"}, "SPOOL_DIR: holds a control character"),
        (["-r", "org repo"], {}, "REPOS: 'org repo' is not org/repo"),
        (["-r", ""], {}, "REPOS: is empty"),
        (["-r", "org/re*"], {}, "REPOS: 'org/re*' is not org/repo, org or org/*"),
        ([], {"WEBHOOK_SECRET": "too short"}, "WEBHOOK_SECRET: a secret of 9 bytes is too short"),
        (["--try-alerts", "--check"], {}, "--try-alerts: has no effect with --check"),
        (["--register", ""], {}, "--register: is empty"),
        ([], {"WEBHOOK_SECRET": ""}, "WEBHOOK_SECRET: a secret of 0 bytes is too short"),
        ([], {"WEBHOOK_SECRET_FILE": "none"}, "WEBHOOK_SECRET_FILE: "),
        ([], {"DATABASE_URL": "mssql://u:hunter22@h/d"}, "DATABASE_URL: mssql is not"),
        ([], {"DATABASE_URL": "hunter22"}, "DATABASE_URL: is not a database URL like"),
        ([], {"DATABASE_SSL_CA": "none.pem"}, "DATABASE_SSL_CA: there is no file none.pem"),
        (
            [],
            {"FLASK_DEBUG": "1"},
            "FLASK_DEBUG: must not be set: its debugger",
        ),
        (["--host", "192.0.2.1"], {}, "port "),
        (["--host", "no such host"], {}, "HOST: 'no such host' is not an address"),
        (["-pwdhunter22"], {}, "-pwd: a password is a word of its own"),
        (["-pwd", "-hunter22"], {}, "usage: argument -pwd/--password: expected one argument"),
        (["-pwd", "my", "hunter22"], {}, "usage: 1 unknown argument, not repeated"),
        (
            ["--prot", "hunter22"],
            {},
            "usage: unknown option --prot, did you mean --port? (see --help)",
        ),
    ],
)
def test_bad_value_stops_the_start_with_one_line_and_no_secret(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    variables: dict[str, str],
    line: str,
):
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["-p", str(free_port()), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"listener.py: {line}")
    assert err.count("\n") == 1
    assert "hunter22" not in err


def test_secrets_of_the_command_line_are_starred_in_it_and_shown_nowhere(tmp_path: Path):
    secrets = ("ghp_0123456789", "hunter22", "what only GitHub and we know")
    words = ("-k", secrets[0], f"-pwd={secrets[1]}")
    with running(tmp_path, *words, GITHUB_API_URL="http://127.0.0.1:1") as listener:
        assert applied(listener, secrets[2])
        pids = subprocess.run(
            ["pgrep", "-g", str(listener.process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        lines = [Path(f"/proc/{pid}/cmdline").read_text().split("\0") for pid in pids]
        healing = [line for line in lines if "backfill.reconcile.__main__" in line]
        assert [line[1:] for line in healing] == [
            ["-P", "-m", "backfill.reconcile.__main__", "--beside", ""]
        ]
        listening = [line for line in lines if line not in healing]
        assert len(listening) == 2  # gunicorn's master and one worker
        for line in listening:
            assert line[-4:] == ["-k", "*" * 14, "-pwd=********", ""]
        assert listener.stop() == 0
        for secret in secrets:
            assert secret not in listener.said() + listener.log()


@pytest.mark.parametrize("engine_name", ["sqlite", "mariadb", "mysql"], indirect=True)
def test_documented_command_works_on_each_engine(tmp_path: Path, database_url: str):
    (tmp_path / ".env").write_text(f"DATABASE_URL={database_url}\n")
    arguments = ["-r", "Codertocat/Hello-World", "-k", "KEY", "-pwd", ""]
    with running(tmp_path, *arguments) as listener:
        assert applied(listener, "what only GitHub and we know")
        assert listener.send(request({}, None, method="GET", path="/readyz")).code == 200
        assert listener.stop() == 0


def test_database_that_does_not_answer_is_one_line_and_the_listener_starts(tmp_path: Path):
    with running(tmp_path, DATABASE_URL="mysql+pymysql://root:hunter22@127.0.0.1:1/runs") as one:
        assert one.send(request({}, None, method="GET", path="/readyz")).code == 200
        log, said = one.log(), one.said()
    assert "WRONG: deliveries wait in the spool: cannot write to the database (connection:" in said
    assert log.count("cannot write to the database") == 1
    assert "connection: OperationalError: (2003" in log
    assert "hunter22" not in log


def test_database_of_a_newer_release_stops_the_start(tmp_path: Path):
    with running(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "data/shark_dashboard.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    done = run(tmp_path, "-p", str(free_port()))
    assert (done.returncode, done.stdout) == (2, "")
    line = "listener.py: the database was upgraded by a newer release: run that one\n"
    assert done.stderr == line


def test_module_runs_the_same_command_as_the_door(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "listener", "--help"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == run(tmp_path, "--help").stdout
