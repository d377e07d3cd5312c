"""`python3 listener.py --register URL` and the webhooks' part of `--check`, as one types them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import SETTINGS
from fakegithub.server import TOKEN, Server, serve
from listener import webhook_setup
from listener.cli import main
from tests.fakegithub.samples import app_of, small_world
from tests.listener.process import ROOT, environment, running


@pytest.fixture
def github() -> Iterator[Server]:
    """Serve octo-org/app."""
    with serve(small_world()) as server:
        yield server


def said(github: Server, folder: Path, *words: str) -> tuple[int, list[str]]:
    """Run `python3 listener.py -r octo-org/app` with more words in the listener's own folder."""
    command = [sys.executable, str(ROOT / "listener.py"), "-r", "octo-org/app", "-k", TOKEN, *words]
    settings = environment(GITHUB_API_URL=github.url)
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_registered_hook_reaches_the_listener_with_the_secret_it_made(
    tmp_path: Path, github: Server
):
    with running(tmp_path, secret=None, RECONCILE="off") as listener:
        url = f"http://127.0.0.1:{listener.port}/webhook"
        code, lines = said(github, tmp_path, "--register", url)
        (hook,) = github.hooks.hooks.values()
        assert (code, lines) == (
            0,
            [
                f"octo-org/app: webhook {hook.id} was made, it delivers to {url}",
                "octo-org/app: the ping was answered with 200",
            ],
        )
        assert hook.secret == (tmp_path / "data/webhook_secret").read_text().strip()
        assert hook.repo_id == app_of(github.world)
        github.world.push(app_of(github.world), "Second")
        assert github.hooks.send_due() > 0
        assert {record.outcome.status_code for record in hook.log} == {200}
        code, lines = said(github, tmp_path, "--check")
    assert code == 0
    assert lines[-3:] == [
        "ok    GITHUB_TOKEN: is accepted by GitHub",
        "ok    clock: agrees with GitHub's",
        f"ok    webhook of octo-org/app: {hook.id} delivers to {url}; last answers: "
        "200, 200, 200, 200, 200",
    ]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Stand in an empty folder, with no setting in the environment."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("bare")
def test_secrets_are_in_the_environment_and_not_in_the_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    told = tmp_path / "told.json"
    script = "import json, os, sys; json.dump([sys.argv, dict(os.environ)], open({!r}, 'w'))"
    monkeypatch.setattr(webhook_setup, "COMMAND", (sys.executable, "-c", script.format(str(told))))
    monkeypatch.setenv("WEBHOOK_SECRET", "the newer of the two,the older of the two")
    url = "https://ci.example.org/webhook"
    assert main(["-r", "octo-org/app", "-k", TOKEN, "--register", url]) == 0
    arguments, environment = json.loads(told.read_text())
    assert arguments == ["-c", "--register", url]
    assert environment["GITHUB_TOKEN"] == TOKEN
    assert environment["WEBHOOK_SECRET"] == "the newer of the two"
    assert environment["REPOS"] == "octo-org/app"


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["-k", TOKEN], "-r: say whose webhook is meant: org/repo, or org for all of its "),
        (["-r", "octo-org/app"], "GITHUB_TOKEN: is needed to manage webhooks (-k)"),
    ],
)
def test_what_is_missing_is_one_line_and_no_secret_is_made(
    words: list[str], line: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    assert main([*words, "--register", "https://ci.example.org/webhook"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(line)
    assert err.count("\n") == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("bare")
def test_check_without_a_key_asks_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(webhook_setup, "COMMAND", ("/nowhere",))
    assert main(["-r", "octo-org/app", "--check"]) == 0
    assert "webhook" not in capsys.readouterr().out


@pytest.mark.usefixtures("bare")
def test_check_tells_when_the_process_that_asks_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(webhook_setup, "COMMAND", (sys.executable, "-c", "raise SystemExit('no')"))
    assert main(["-r", "octo-org/app", "-k", TOKEN, "--check"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "WRONG webhooks: no"
