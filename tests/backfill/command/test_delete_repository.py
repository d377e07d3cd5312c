"""--forget deletes only what a person named twice."""

import pytest
from sqlalchemy import Engine

from backfill.command import delete_repository as command
from backfill.command.arguments import check_exclusive_flags
from backfill.command.flags import command_line
from config.settings import BadSetting
from fakegithub.world.world import World
from store import delete_repository
from tests.store.test_delete_repository import play, store

MEANT = ("github", "org/app")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("-m", "5"), "--max_runs: has no effect with --forget"),
        (("--replay",), "--replay: has no effect with --forget"),
        (("-i",), "-i: has no effect with --forget"),
    ],
)
def test_flag_that_means_nothing_here_is_named(words: tuple[str, ...], line: str):
    with pytest.raises(BadSetting, match=f"^{line}$"):
        check_exclusive_flags(command_line().read(["--forget", "org/app", *words]))


@pytest.mark.parametrize(
    ("typed", "code", "left"), [("org/APP", 0, 0), ("", 1, 1), ("yes", 1, 1), ("org/ap", 1, 1)]
)
def test_command_deletes_only_when_the_name_is_typed_again(
    engine: Engine, capsys: pytest.CaptureFixture[str], typed: str, code: int, left: int
):
    world = World(seed=5)
    play(world, world.create_repo("org/app"))
    store(engine, world)
    assert command.delete_when_confirmed(engine, "org/app", MEANT, lambda question: typed) == code
    assert len(delete_repository.list_repositories(engine, "org/app")) == left
    assert ("deleted: " in capsys.readouterr().out) == (code == 0)


def test_dry_run_says_what_would_be_deleted_and_asks_nothing(
    engine: Engine, capsys: pytest.CaptureFixture[str]
):
    world = World(seed=5)
    play(world, world.create_repo("org/app"))
    store(engine, world)
    assert command.delete_when_confirmed(engine, "org/app", MEANT, pytest.fail, dry=True) == 0
    assert "org/app (github, id " in capsys.readouterr().out
    assert len(delete_repository.list_repositories(engine, "org/app")) == 1
