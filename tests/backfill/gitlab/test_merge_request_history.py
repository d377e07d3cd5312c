"""A backfill tells of which merge request a pipeline is, by whichever way it completes lists."""

import random

import pytest
import sqlalchemy as sa

from fakegitlab.director import MERGE_REQUEST, Director
from fakegitlab.hooks import hooks_of
from fakegitlab.server import Server
from fakegitlab.world import Project
from rows.sources import source_of
from schema.tables.ci import workflowruns
from store.doors import api
from tests.backfill.conftest import Command
from tests.backfill.gitlab.conftest import NAME

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
WORDS = ("-r", f"gitlab:{NAME}")
RUN = workflowruns.c


@pytest.mark.parametrize("has_hook", [False, True])
@pytest.mark.parametrize("unknown", ["", "pipelines"])
def test_pipeline_of_a_merge_request_has_its_number(
    served: Server,
    project: Project,
    command: Command,
    engine: sa.Engine,
    unknown: str,
    has_hook: bool,
) -> None:
    served.unknown = unknown
    life = Director(served.world, project, random.Random(6)).live(MERGE_REQUEST)
    if has_hook:  # an earlier release stored it without the number
        told = [
            api.Read(source_of("gitlab").rows_for(one.kind, one.payload, None, None))
            for one in hooks_of(project, life)
        ]
        api.write(engine, told)
        with engine.begin() as connection:
            connection.execute(sa.update(workflowruns).values(pullrequest=None))
    assert command(*WORDS).code == 0
    with engine.connect() as connection:
        numbered = sa.select(RUN.gitid, RUN.pullrequest).where(RUN.pullrequest.is_not(None))
        rows = connection.execute(numbered).all()
    # The project's pipeline 14; the fake counts its requests from 501.
    assert [tuple(row) for row in rows] == [(life.fixed["id"], 514)]
