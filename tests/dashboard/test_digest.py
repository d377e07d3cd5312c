"""Last night in words: for a mail, for a chat, and silent where there is nothing to say."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dashboard.app import create_app
from dashboard.cli import main
from dashboard.digest import make_digest
from dashboard.published import digest_post
from store.open import open_engine
from tests.dashboard import stored
from tests.dashboard.browsing import PATIENT
from tests.dashboard.conftest import NOW, settings_for

DAY = timedelta(days=1)
LAST_NIGHT = NOW - timedelta(hours=7)

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def test_digest_says_what_the_top_of_the_page_says(engine: Engine, store_url: str, tmp_path: Path):
    new, old = stored.repo(engine, "octo-org/new"), stored.repo(engine, "octo-org/old")
    stored.run(engine, new, LAST_NIGHT - DAY)
    stored.failed(engine, new, LAST_NIGHT, message="boom")
    stored.failed(engine, old, LAST_NIGHT - DAY)
    stored.failed(engine, old, LAST_NIGHT)
    fixed = stored.repo(engine, "octo-org/fixed")
    stored.failed(engine, fixed, LAST_NIGHT - DAY)
    stored.run(engine, fixed, LAST_NIGHT)
    stored.audit(engine, fixed, LAST_NIGHT)
    reader = open_engine(settings_for(store_url, tmp_path), PATIENT)
    app = create_app(settings_for(store_url, tmp_path), reader, clock=lambda: NOW)
    found = make_digest(app)
    reader.dispose()
    assert found.is_news
    assert found.text.splitlines() == [
        "Night of 9-10 Mar",
        "2 failed, 1 passed.",
        "",
        "Red now on the default branch (1):",
        "- 2 workflows of what failed last night, below",
        "",
        "Still failing (1):",
        "- 2 repositories (octo-org/old, octo-org/new), 2 jobs, for 2+ nights: boom [/errors/1:f]",
        "",
        "Fixed (1):",
        "- octo-org/fixed: Nightly / test, after 1 failed night",
        "",
        "Data: 1 of 3 repositories checked: complete until 10 Mar 02:30, 10 of 10 runs.",
    ]


class Chat(http.server.BaseHTTPRequestHandler):
    """Notes what is posted; refuses at /no."""

    told: list[object] = []  # noqa: RUF012 - the handler's class is made anew for each test

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.told.append(json.loads(body))
        self.send_response(500 if self.path == "/no" else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def chat() -> Iterator[tuple[str, list[object]]]:
    """Run a chat's webhook; give its address and what it was told."""
    handler = type("One", (Chat,), {"told": []})
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler.told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def home(engine: Engine, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder, at NOW, with a store whose one repository fails since its first night."""
    monkeypatch.setenv("DATABASE_URL", store_url)
    monkeypatch.delenv("DATABASE_READ_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dashboard.cli.create_app", partial(create_app, clock=lambda: NOW))
    repoid = stored.repo(engine, "octo-org/old")
    for days in (0, 1):
        stored.failed(engine, repoid, LAST_NIGHT - days * DAY)
    return tmp_path


@on_sqlite
def test_nothing_new_is_silent_unless_asked(
    home: Path, chat: tuple[str, list[object]], capsys: pytest.CaptureFixture[str]
):
    url, told = chat
    assert main(["--digest"]) == 0
    assert main(["--digest", "--post", url]) == 0
    assert (capsys.readouterr(), told) == (("", ""), [])
    assert main(["--digest", "--always"]) == 0
    assert "octo-org/old: Nightly / test" in capsys.readouterr().out
    assert main(["--digest", "--always", "--post", url]) == 0
    (said,) = told
    assert said.keys() == {"text", "mrkdwn"}
    assert said["mrkdwn"] is False
    assert "octo-org/old" in said["text"]
    assert capsys.readouterr() == ("", "")


@on_sqlite
def test_digest_of_a_group_has_its_repositories_and_whole_addresses(
    home: Path,
    engine: Engine,
    store_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    (home / "groups.toml").write_text('[prod]\nrepos = ["octo-org/web-*"]\n')
    monkeypatch.setenv("GROUPS_FILE", "groups.toml")
    monkeypatch.setenv("DASHBOARD_URL", "https://ci.example.org/runs/")
    web = stored.repo(engine, "octo-org/web-1")
    stored.run(engine, web, LAST_NIGHT - DAY)
    red = stored.run(engine, web, LAST_NIGHT, conclusion="failure")
    assert main(["--digest", "--group", "prod"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Night of 9-10 Mar, prod [https://ci.example.org/runs/?group=prod]",
        "1 failed.",
        "",
        "Red now on the default branch (1):",
        "- octo-org/web-1: Nightly, since 10 Mar 02:30 "
        f"[https://ci.example.org/runs/runs/github/{red}]",
        "",
        "New since yesterday (1):",
        "- octo-org/web-1: Nightly / the run itself "
        f"[https://ci.example.org/runs/nights/{web}/2026-03-10]",
        "",
        "Data: No webhook received yet.",
    ]
    assert main(["--digest", "--group", "other", "--always"]) == 0
    assert "web-1" not in capsys.readouterr().out
    assert main(["--digest", "--group", "nope"]) == 2
    assert capsys.readouterr().err == (
        "dashboard.py: --group: there is no such group; there are prod, other\n"
    )


@on_sqlite
def test_chat_that_refuses_is_said_without_its_address(
    home: Path, chat: tuple[str, list[object]], capsys: pytest.CaptureFixture[str]
):
    assert main(["--digest", "--always", "--post", f"{chat[0]}/no"]) == 1
    assert capsys.readouterr().err == "dashboard.py: --post: not sent: answered 500\n"


@on_sqlite
@pytest.mark.parametrize("kind", ["slack", "teams", "mattermost", "discord", "webhook"])
def test_digest_goes_to_each_kind_of_room_by_its_name(
    home: Path, chat: tuple[str, list[object]], monkeypatch: pytest.MonkeyPatch, kind: str
):
    url, told = chat
    monkeypatch.setenv(f"ALERT_{kind.upper()}_URL", url)
    monkeypatch.setenv("DASHBOARD_URL", "https://ci.example.org")
    assert main(["--digest", "--always", "--post", kind]) == 0
    (said,) = told
    fields = {"teams": "attachments", "discord": "content"}
    assert fields.get(kind, "text") in said
    assert "https://ci.example.org/errors/1:f" in json.dumps(said)


@on_sqlite
def test_digest_to_a_room_that_is_not_set_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["--digest", "--always", "--post", "mail"]) == 2
    assert capsys.readouterr().err == (
        "dashboard.py: --post: mail needs ALERT_MAIL_TO, which is not set\n"
    )


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("discord.com", "discord"),
        ("acme.webhook.office.com", "teams"),
        ("prod-12.westus.logic.azure.com:443", "teams"),
        ("hooks.slack.com", None),
        ("notdiscord.com", None),
    ],
)
def test_address_tells_the_kind_of_its_room(host: str, kind: str | None):
    assert digest_post.kind_of(f"https://{host}/services/x") == kind


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["--post", "https://x"], "usage: --group, --post and --always go with --digest"),
        (["--always"], "usage: --group, --post and --always go with --digest"),
        (["--digest", "--export", "x"], "usage: --export or --digest, not both"),
        (
            ["--digest", "--post", "http://chat.example.org/x"],
            "--post: is no https address, and none of slack, teams, mattermost, discord, webhook,"
            " mail",
        ),
        (
            ["--digest", "--post", "https://:x/"],
            "--post: is no https address, and none of slack, teams, mattermost, discord, webhook,"
            " mail",
        ),
        (["--export", ""], "--export: is empty"),
        (["--digest", "-p", "80"], "-p: has no effect with --digest"),
        (["--export", "x", "--host", "::1"], "--host: has no effect with --export"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(
    argv: list[str], why: str, capsys: pytest.CaptureFixture[str]
):
    assert main(argv) == 2
    assert capsys.readouterr().err == f"dashboard.py: {why}\n"


@on_sqlite
def test_export_command_says_where_the_files_are(home: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--export", "site"]) == 0
    assert capsys.readouterr().out.endswith("files are in site; begin at index.html.\n")
    assert (home / "site" / "index.html").exists()
    (home / "other").mkdir()
    (home / "other" / "file").touch()
    assert main(["--export", "other"]) == 1
    assert capsys.readouterr().err == (
        "dashboard.py: other is not empty, and no export of these pages\n"
    )
    assert main(["--export", "other/file"]) == 1
    assert capsys.readouterr().err == (
        "dashboard.py: --export: other/file cannot be written (File exists)\n"
    )
