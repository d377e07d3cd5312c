"""`python3 listener.py -r gitlab:... --register URL` and `--check`, as one types them."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.listener.process import ROOT, environment, running

PROJECT, GROUP = "/projects/group/sub/app", "/groups/group/sub"
KEY = "glpat-of-a-maintainer"


class HookServer(ThreadingHTTPServer):
    """Answers for the webhooks of a project and a group as GitLab's documentation says."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hooks: dict[str, list[dict[str, Any]]] = {PROJECT: [], GROUP: []}
        self.sent: list[tuple[str, str, Any]] = []
        self.answer_to_test = 201

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request; the token is that of a maintainer of the project alone."""

    server: HookServer

    def answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        path = unquote(urlsplit(self.path).path).removeprefix("/api/v4")
        self.server.sent.append((self.command, path, body))
        code, told = self.result(path, body)
        text = json.dumps(told).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names that the server calls

    def result(self, path: str, body: Any) -> tuple[int, Any]:
        if self.headers.get("PRIVATE-TOKEN") != KEY:
            return 401, {"message": "401 Unauthorized"}
        place, _, rest = path.partition("/hooks")
        if path == "/version":
            return 200, {"version": "18.3.0"}
        if place not in self.server.hooks:
            return 404, {"message": "404 Not found"}
        hooks = self.server.hooks[place]
        if "/test/" in rest:
            return self.server.answer_to_test, {"message": "Hook execution failed"}
        if self.command == "POST":
            hooks.append({**body, "id": 40 + len(hooks), "alert_status": "executable"})
            return 201, hooks[-1]
        if self.command == "PUT":
            hooks[0].update(body)
            return 200, hooks[0]
        return 200, hooks

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def gitlab() -> Iterator[HookServer]:
    server = HookServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def said(server: HookServer, folder: Path, *words: str) -> tuple[int, list[str]]:
    """Run `python3 listener.py -k KEY` with more words."""
    command = [sys.executable, str(ROOT / "listener.py"), "-k", KEY, *words]
    settings = environment(GITLAB_URL=server.url)
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_registered_hook_has_the_secret_and_sends_what_is_wanted(
    tmp_path: Path, gitlab: HookServer
):
    repo = ("-r", "gitlab:group/sub/app")
    with running(tmp_path, *repo, secret=None, RECONCILE="off", GITLAB_URL=gitlab.url) as listener:
        secret = (tmp_path / "data/gitlab_webhook_secret").read_text().strip()
        assert "the text in data/gitlab_webhook_secret" in listener.said()
        url = f"http://127.0.0.1:{listener.port}/webhook"
        code, lines = said(gitlab, tmp_path, *repo, "--register", url)
        assert (code, lines) == (
            0,
            [
                f"group/sub/app: webhook 40 was made, it delivers to {url}",
                "group/sub/app: a test push was answered with 2xx",
            ],
        )
        events = ("push_events", "tag_push_events", "job_events", "pipeline_events")
        (hook,) = gitlab.hooks[PROJECT]
        assert (hook["token"], [hook[name] for name in events]) == (secret, [True] * 4)
        assert hook["enable_ssl_verification"] is True
        code, lines = said(gitlab, tmp_path, *repo, "--check")
        assert (code, lines[-3:]) == (
            0,
            [
                "ok    GITLAB_TOKEN: is accepted by GitLab",
                "ok    clock: agrees with GitLab's",
                f"ok    webhook of group/sub/app: 40 delivers to {url}",
            ],
        )
        hook |= {"alert_status": "temporarily_disabled", "disabled_until": "2026-11-29T01:00:00Z"}
        hook["job_events"] = False
        code, lines = said(gitlab, tmp_path, *repo, "--check")
        assert (code, lines[-1]) == (
            1,
            "WRONG webhook of group/sub/app: 40 does not send job_events, is temporarily_disabled"
            " until 2026-11-29T01:00:00Z: nothing is sent meanwhile",
        )
        gitlab.answer_to_test = 422
        code, lines = said(gitlab, tmp_path, *repo, "--register", url)
        assert lines == [
            "group/sub/app: webhook 40 was repaired: it does not send job_events, is"
            " temporarily_disabled until 2026-11-29T01:00:00Z: nothing is sent meanwhile;"
            " its secret was set anew",
            "group/sub/app: a test push was not answered as it should: GitLab refuses the request"
            " as invalid (Hook execution failed)",
        ]
        assert hook["job_events"] is True


def test_name_of_a_group_registers_the_groups_hook_with_a_signing_token(
    tmp_path: Path, gitlab: HookServer, monkeypatch: pytest.MonkeyPatch
):
    token = "whsec_dGhpcnR5LXR3byBieXRlcyBvZiBhIHNpZ25pbmcgdGs="
    (tmp_path / ".env").write_text(f"GITLAB_WEBHOOK_SECRET={token}\n")
    words = ("-r", "gitlab:group/sub", "--register", "https://ci.example.org/webhook")
    assert said(gitlab, tmp_path, *words)[0] == 0
    (hook,) = gitlab.hooks[GROUP]
    assert (hook["signing_token"], "token" in hook) == (token, False)


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (("-r", "gitlab:no/such"), 1, "no/such: not found, or the key may not see it"),
        (
            ("-r", "gitlab:group/sub/app", "-r", "org/repo"),
            2,
            "listener.py: -k: is the key of one server, -r names several: use GITLAB_TOKEN and"
            " GITHUB_TOKEN",
        ),
        (("-r", "gitlab:a", "-k", "wrong"), 2, "GitLab does not accept the key: it is wrong,"),
    ],
)
def test_what_cannot_be_registered_is_one_line(
    tmp_path: Path, gitlab: HookServer, words: tuple[str, ...], code: int, line: str
):
    done, lines = said(gitlab, tmp_path, *words, "--register", "https://ci.example.org/webhook")
    assert (done, len(lines)) == (code, 1)
    assert lines[0].startswith(line)
