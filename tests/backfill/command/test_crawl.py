"""What GitHub refuses: one clear sentence, other repositories go on, the exit code tells."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import sqlalchemy as sa

from fakegithub.api.access import ALL, Token
from fakegithub.server import TOKEN
from fakegithub.world.world import World
from schema.tables.ci import branches, commits, repoaliases, repos, workflowruns
from tests.backfill.conftest import Command
from tests.backfill.filling import served
from tests.backfill.watching import after
from tests.fakegithub.samples import app_of, flow_of, runs_of, small_world

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def values(engine: sa.Engine, column: sa.Column) -> list:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(column).order_by(column)))


def two_repositories() -> World:
    world = small_world(runs=2)
    world.push(world.create_repo("octo-org/core"), "First")
    return world


def test_repository_that_is_not_there_leaves_the_others_be(engine, store_url, command: Command):
    with served(two_repositories(), store_url):
        done = command("-r", "octo-org/nowhere", "-r", "octo-org/app")
    assert done.code == 1
    assert "octo-org/nowhere: not found, or the key may not see it\n" in done.err
    assert "not everything was read: 1 problem, named above\n" in done.out
    assert "repository 1 of 2: octo-org/nowhere\nocto-org/nowhere: not found" in done.err
    assert "repository 2 of 2: octo-org/app, about 1 s to go\n" in done.err
    assert done.out.splitlines()[-1].startswith("Next: mend what is named above")
    assert values(engine, repos.c.name) == ["octo-org/app"]
    assert len(values(engine, workflowruns.c.gitid)) == 2


def test_address_of_a_repository_s_page_names_it(engine, store_url, command: Command):
    with served(two_repositories(), store_url) as github:
        done = command("-r", f"{github.url}/octo-org/app")
    assert (done.code, values(engine, repos.c.name)) == (0, ["octo-org/app"])


def test_private_repository_of_another_is_not_found(engine, store_url, command: Command):
    world = two_repositories()
    world.set_private(app_of(world))
    tokens = {TOKEN: Token(owners=frozenset({"mona"}))}
    with served(world, store_url, tokens=tokens):
        done = command("-r", "octo-org/app")
    assert (done.code, values(engine, repos.c.name)) == (1, [])
    assert "octo-org/app: not found, or the key may not see it\n" in done.err


def test_key_without_actions_permission_still_brings_branches_and_commits(
    engine, store_url, command: Command
):
    tokens = {TOKEN: Token(permissions=ALL - {"actions"})}
    with served(two_repositories(), store_url, tokens=tokens):
        done = command("-r", "octo-org/app")
    assert done.code == 1
    refused = "app: runs until .* UTC: the key lacks a permission: actions=read;"
    assert re.search(refused, done.err)
    assert len(values(engine, branches.c.name)) == 1
    assert len(values(engine, commits.c.hash)) == 1
    assert values(engine, workflowruns.c.gitid) == []


def test_saml_is_told_with_the_address_to_sign_in_at(engine, store_url, command: Command):
    world = two_repositories()
    world.push(world.create_repo("mona/app", owner_type="User"), "First")
    with served(world, store_url, tokens={TOKEN: Token(saml=frozenset({"octo-org"}))}):
        done = command("-r", "octo-org/app", "-r", "mona/app")
    assert done.code == 1
    assert (
        "octo-org/app: the organisation wants SAML: authorise the key for it at "
        "https://github.com/orgs/octo-org/sso?authorization_request=AAAA\n"
    ) in done.err
    assert values(engine, repos.c.name) == ["mona/app"]


def test_key_revoked_on_the_way_ends_it_in_one_sentence(engine, store_url, command: Command):
    world = two_repositories()
    with served(world, store_url) as github:
        after(github, "/actions/runs", lambda: github.tokens.clear())
        done = command("-r", "octo-org/app", "-r", "octo-org/core")
    assert done.code == 2
    assert done.err.endswith(
        "local-database.py: GitHub does not accept the key: it is wrong, expired or revoked\n"
    )
    assert "octo-org/core" not in done.err


def test_empty_repository_is_no_failure(engine, store_url, command: Command):
    world = World()
    world.create_repo("octo-org/empty")
    with served(world, store_url):
        done = command("-r", "octo-org/empty")
    assert done.code == 0
    assert "octo-org/empty: GitHub lists no runs\n" in done.err
    assert "octo-org/empty: the repository is empty" in done.err
    assert values(engine, repos.c.name) == ["octo-org/empty"]


def test_switched_off_actions_are_told(engine, store_url, command: Command):
    world = small_world()
    world.disable_actions(app_of(world))
    with served(world, store_url):
        done = command("-r", "octo-org/app")
    assert done.code == 0
    assert "octo-org/app: Actions are switched off\n" in done.err


def test_archived_repository_is_read_and_told(engine, store_url, command: Command):
    world = small_world(runs=2)
    world.archive(app_of(world))
    with served(world, store_url):
        done = command("-r", "octo-org/app")
    assert done.code == 0
    assert "octo-org/app is archived: nothing new will come\n" in done.err
    assert values(engine, repos.c.archived) == [True]
    assert len(values(engine, workflowruns.c.gitid)) == 2


def test_renamed_repository_is_followed_and_its_former_name_recorded(
    engine, store_url, command: Command
):
    world = small_world(runs=2)
    world.transfer(app_of(world), "new-org", after=5)
    world.rename(app_of(world), "core", after=5)
    with served(world, store_url):
        done = command("-r", "octo-org/app")
    assert done.code == 0
    assert "octo-org/app is new-org/core today\n" in done.err
    assert values(engine, repos.c.name) == ["new-org/core"]
    assert values(engine, repoaliases.c.name) == ["new-org/core", "octo-org/app"]
    assert set(values(engine, workflowruns.c.repo)) == {"new-org/core"}


def test_repository_renamed_while_it_is_read_is_read_to_its_end(
    engine, store_url, command: Command
):
    world = small_world(runs=150)
    with served(world, store_url) as github:
        after(github, "/jobs", lambda: world.rename(app_of(world), "core", after=5))
        done = command("-r", "octo-org/app")
        assert done.code == 0
        assert values(engine, workflowruns.c.gitid) == runs_of(world)
        assert command("-r", "octo-org/app").code == 0
    assert values(engine, repos.c.name) == ["octo-org/core"]
    assert set(values(engine, workflowruns.c.repo)) == {"octo-org/core"}


def test_organisation_stands_for_its_repositories_and_a_user_too(
    engine, store_url, command: Command
):
    world = two_repositories()
    world.push(world.create_repo("mona/app", owner_type="User"), "First")
    with served(world, store_url):
        done = command("-r", "octo-org/*", "-r", "octo-org/app", "-r", "mona", "-r", "nobody")
    assert done.code == 1
    assert "nobody: not found, or the key may not see it\n" in done.err
    assert values(engine, repos.c.name) == ["mona/app", "octo-org/app", "octo-org/core"]


def test_stored_repositories_are_meant_where_none_is_named(engine, store_url, command: Command):
    world = two_repositories()
    with served(world, store_url):
        assert command("-r", "octo-org/app").code == 0
        world.trigger(flow_of(world), after=60)
        assert command().code == 0
    assert values(engine, workflowruns.c.gitid) == runs_of(world)
    assert values(engine, repos.c.name) == ["octo-org/app"]


def test_without_a_key_one_line_says_so_and_a_public_repository_goes_on(
    engine, store_url, command: Command, monkeypatch: pytest.MonkeyPatch
):
    with served(two_repositories(), store_url):
        monkeypatch.delenv("GITHUB_TOKEN")
        done = command("-r", "octo-org/app")
    assert done.code == 0
    told = [line for line in done.err.splitlines() if "without a key" in line]
    assert len(told) == 1
    assert "60 calls an hour instead of 5,000" in told[0]
    assert "in all about 9 calls" in told[0]
    assert len(values(engine, workflowruns.c.gitid)) == 2


class Elsewhere(BaseHTTPRequestHandler):
    """A host that must never be asked."""

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Print nothing."""


@contextmanager
def elsewhere() -> Iterator[tuple[str, list[dict[str, str]]]]:
    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    server.asked = []
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", server.asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("header", ["Location", "Link"])
def test_token_and_requests_never_go_to_another_host(
    engine, store_url, command: Command, monkeypatch: pytest.MonkeyPatch, header: str
):
    from fakegithub.api import dispatch

    plain = dispatch.respond
    with elsewhere() as (other, asked), served(two_repositories(), store_url):

        def misled(call, limits):
            answer = plain(call, limits)
            if not call.path.endswith("/branches"):
                return answer
            if header == "Location":
                return answer._replace(status=302, headers={"Location": f"{other}/x"})
            return answer._replace(headers={"Link": f'<{other}/x>; rel="next"'})

        monkeypatch.setattr(dispatch, "respond", misled)
        done = command("-r", "octo-org/app")
    assert asked == []
    assert done.code == 1
    host = other.removeprefix("http://")
    assert (
        f"octo-org/app: branches: GitHub's answer leads to another host, '{host}': not followed\n"
    ) in done.err
    assert len(values(engine, workflowruns.c.gitid)) == 2
