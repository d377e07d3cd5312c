"""A repository that is gone, asked about by every command: said, nothing lost, exit code 0."""

import json

import pytest
import sqlalchemy as sa

from backfill.command import webhook
from fakegithub.world.world import World
from schema.tables.ci import workflowruns
from tests.backfill.audit.test_audit import finished
from tests.backfill.conftest import Command
from tests.backfill.filling import served
from tests.fakegithub.samples import app_of, runs_of, small_world

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
REPO = ("-r", "octo-org/app")
SINCE = ("--audit", "--since", "2026-01-01")
WHY = "not found: deleted, or hidden from the key"


def gone_world() -> World:
    world = small_world()
    finished(world)
    world.create_repo("octo-org/other")
    return world


def stored_runs(engine: sa.Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(workflowruns.c.gitid)))


@pytest.mark.parametrize("more", [(), ("--offline",), ("--repair",), ("--deep",)])
def test_audit_of_what_is_gone_says_so_and_ends_with_0(
    engine, store_url, command: Command, more: tuple[str, ...]
):
    world = gone_world()
    with served(world, store_url):
        assert command(*REPO).code == 0
        world.delete_repo(app_of(world), after=60)
        assert command(*REPO).code == 1
        told = command(*REPO, *SINCE, *more)
        as_json = command(*REPO, *SINCE, *more, "--json")
    assert told.code == as_json.code == 0, (told, as_json)
    assert told.out.startswith("octo-org/app is gone since ")
    assert WHY in told.out
    (gone,) = json.loads(as_json.out)["gone"]
    assert (gone["repository"], gone["reason"]) == ("octo-org/app", WHY)
    assert json.loads(as_json.out)["repositories"] == []
    assert stored_runs(engine) == runs_of(world)


def test_check_of_the_hook_of_what_is_gone_says_so_and_ends_with_0(
    engine, store_url, command: Command, monkeypatch, capsys
):
    world = gone_world()
    with served(world, store_url):
        assert command(*REPO).code == 0
        world.delete_repo(app_of(world), after=60)
        command(*REPO)
        monkeypatch.setenv("REPOS", "octo-org/app")
        capsys.readouterr()
        code = webhook.main(["--check"])
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0, lines
    assert "octo-org/app is gone since " in lines[-1]["state"]
