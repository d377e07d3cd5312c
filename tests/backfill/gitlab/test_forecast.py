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
