"""A forecast is the number of calls that follow, and 1,000 pipelines take at most 150."""

import pytest
import sqlalchemy as sa

from fakegitlab.server import Server
from fakegitlab.world import Project
from tests.backfill.conftest import Command
from tests.backfill.gitlab.conftest import NAME

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
WORDS = ("-r", f"gitlab:{NAME}")


@pytest.mark.parametrize(("words", "has_graphql"), [(("-m", "5"), True), ((), False)])
def test_forecast_is_the_number_of_calls(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    words: tuple[str, ...],
    has_graphql: bool,
) -> None:
    served.has_graphql = has_graphql
    for _ in range(2):  # the second time all is stored
        said = command(*WORDS, *words, "--dry-run").out
        served.requests.clear()
        assert command(*WORDS, *words).code == 0
        assert f"about {len(served.requests)} calls" in said, (said, served.requests)


def test_thousand_pipelines_take_at_most_150_calls(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    for _ in range(1000 - len(project.pipelines)):
        served.world.add_pipeline(project)
    said = command(*WORDS, "--dry-run").out
    served.requests.clear()
    assert command(*WORDS).code == 0
    assert len(served.requests) <= 150
    assert f"about {len(served.requests)} calls" in said


@pytest.mark.parametrize("words", [("-m", "20"), ("-t", "MIDDLE")])
def test_forecast_of_a_part_of_the_history_is_the_number_of_calls(
    served: Server, project: Project, command: Command, engine: sa.Engine, words: tuple[str, ...]
) -> None:
    for place in range(60):  # 310 jobs are older, and 390 newer, with a child for each twelfth
        parent = served.world.add_pipeline(project, jobs=6)
        if place == 30:
            middle = f"{parent['created_at'][:19]}Z"
        if place % 12 == 0:
            served.world.add_child(project, parent)
    given = [middle if word == "MIDDLE" else word for word in words]
    said = command(*WORDS, *given, "--dry-run").out
    served.requests.clear()
    assert command(*WORDS, *given).code == 0
    assert f"in all about {len(served.requests)} calls" in said, (said, served.requests)


def test_forecast_of_a_group_is_the_number_of_calls(
    served: Server, command: Command, engine: sa.Engine
) -> None:
    for place in range(3):
        served.world.add_pipeline(served.world.add_project(f"group/sub/{place}"), jobs=2)
    for words in (("-r", "gitlab:group/sub"), ("-r", "gitlab:group/*"), ()):
        said = command(*words, "--dry-run").out
        served.requests.clear()
        assert command(*words).code == 0
        assert f"in all about {len(served.requests)} calls" in said, (said, served.requests)
