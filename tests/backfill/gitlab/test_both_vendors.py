"""GitHub's repositories and GitLab's projects in one command: one's trouble leaves the other be."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from backfill.command.webhook import main as webhooks
from backfill.reconcile.__main__ import main as reconcile
from fakegithub.server import Server as GitHub
from fakegithub.server import serve
from fakegitlab.server import Server
from schema.tables.ci import repos
from store.state import health
from tests.backfill.conftest import Command
from tests.backfill.gitlab.conftest import NAME
from tests.fakegithub.samples import small_world

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
BOTH = ("-r", "octo-org/app", "-r", f"gitlab:{NAME}")


@pytest.fixture
def github(served: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """Serve a repository, and a project of its name beside the other project."""
    served.world.add_pipeline(served.world.add_project("octo-org/app"), jobs=1)
    with serve(small_world(runs=2)) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_TOKEN", server.token)
        yield server


def stored(engine: sa.Engine) -> set[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(repos.c.provider, repos.c.name))
        return {(provider.partition(":")[0], name) for provider, name in rows}


def test_every_command_takes_both(
    github: GitHub, served: Server, command: Command, engine: sa.Engine
) -> None:
    plan = command(*BOTH, "--dry-run").out
    assert ("octo-org/app: 2 runs" in plan, f"{NAME}: 13 runs" in plan) == (True, True)
    assert command(*BOTH).code == 0
    assert stored(engine) == {("github", "octo-org/app"), ("gitlab", NAME)}
    span = ("--audit", "--since", "2000-01-01")
    for words in (BOTH, ()):  # without -r, what is stored of each vendor that has a key
        audit = command(*words, *span)
        assert (audit.code, audit.out.count("complete until")) == (0, 2)
    told = command(*BOTH, *span, "--repair", "--json")
    servers = {one["provider"].partition(":")[0] for one in json.loads(told.out)["repositories"]}
    assert (told.code, servers) == (0, {"github", "gitlab"})
    assert command(*BOTH, "--replay").code == 0
    keyed = command(*BOTH, "-k", "x")
    assert (keyed.code, "use GITHUB_TOKEN and GITLAB_TOKEN" in keyed.err) == (2, True)


@pytest.mark.parametrize(
    ("setting", "title", "left"),
    [
        ("GITHUB_TOKEN", "GitHub", ("gitlab", NAME)),
        ("GITLAB_TOKEN", "GitLab", ("github", "octo-org/app")),
    ],
)
def test_key_that_is_wrong_is_said_and_the_other_vendor_is_read(
    github: GitHub,
    command: Command,
    engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    title: str,
    left: tuple[str, str],
) -> None:
    monkeypatch.setenv(setting, "wrong")
    done = command(*BOTH)
    why = f"{title} does not accept the key: it is wrong, expired or revoked"
    assert (done.code, done.err.count(why), stored(engine)) == (2, 1, {left})
    audit = command(*BOTH, "--audit", "--since", "2000-01-01")
    assert (audit.code, f"{title}: not audited: {why}" in audit.out) == (2, True)
    assert audit.out.count("complete until") == 1


def test_name_with_its_vendor_forgets_that_one_alone(
    github: GitHub,
    served: Server,
    command: Command,
    engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert command("-r", "octo-org/app", "-r", "gitlab:octo-org/app").code == 0
    typed = iter(["octo-org/app", f"{served.url}/octo-org/app"])
    monkeypatch.setattr("sys.stdin.readline", lambda: next(typed))
    assert command("--forget", "octo-org/app").code == 0
    assert stored(engine) == {("gitlab", "octo-org/app")}
    told = command("--forget", "octo-org/app").out
    assert told == "nothing is stored of octo-org/app; gitlab:octo-org/app is another\n"
    assert command("--forget", f"{served.url}/octo-org/app").code == 0
    assert stored(engine) == set()


def test_check_looks_at_the_vendor_that_has_a_key(
    github: GitHub,
    engine: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("GITLAB_TOKEN")
    monkeypatch.setenv("REPOS", f"octo-org/app,gitlab:{NAME}")
    assert webhooks(["--check"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["name"], one["warning"]) for one in lines] == [
        ("GITHUB_TOKEN", False),
        ("clock", False),
        ("webhook of octo-org/app", False),
        ("GITLAB_TOKEN", True),
    ]


def test_reconcilers_of_namesakes_keep_the_health_of_each_apart(
    github: GitHub, served: Server, engine: sa.Engine
) -> None:
    (project,) = (one for one in served.world.projects.values() if one.path == "octo-org/app")
    project.hooks.append(
        {"id": 9, "url": "https://example.org/webhook", "alert_status": "disabled"}
    )
    for name in ("octo-org/app", "gitlab:octo-org/app", "octo-org/app"):
        reconcile(["--once", "-r", name])
    with engine.connect() as connection:
        rows = health.rows(connection)
    states = {(one.subject, one.name): one.state for one in rows}
    assert (states["octo-org/app", "hook"], states["gitlab:octo-org/app", "hook"]) == (
        "good",
        "bad",
    )
    assert {subject for subject, name in states if name == "token"} == {"", "gitlab:"}
