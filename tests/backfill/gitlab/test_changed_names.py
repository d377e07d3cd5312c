"""What projects and schedules are called today counts at once, and for what was read before."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from backfill.gitlab import projects
from fakegitlab.server import Server
from fakegitlab.world import Project
from schema.tables.ci import jobs, repos, workflowruns, workflows
from schema.tables.rollups import dirtyruns
from tests.backfill.conftest import Command
from tests.backfill.gitlab.conftest import NAME

WORDS = ("-r", f"gitlab:{NAME}")


def name_of(engine: sa.Engine) -> str | None:
    """Return what the project is called."""
    with engine.connect() as connection:
        return connection.scalars(sa.select(repos.c.name)).one()


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_project_that_is_renamed_to_and_fro_within_an_hour_has_its_last_name(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    assert command("-r", f"gitlab:{NAME}").code == 0
    for name in ("group/one", "other/two", NAME, "group/one"):
        project.path = name
        assert command("-r", f"gitlab:{name}").code == 0
        assert name_of(engine) == name


def test_project_that_is_as_it_was_is_not_written_again(
    served: Server, command: Command, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projects, "now", lambda: datetime(2026, 11, 30, 12, 1))
    assert command("-r", f"gitlab:{NAME}").code == 0
    before = versions_of(engine)
    monkeypatch.setattr(projects, "now", lambda: datetime(2026, 11, 30, 12, 59))
    assert command("-r", f"gitlab:{NAME}").code == 0
    assert versions_of(engine) == before


def versions_of(engine: sa.Engine) -> list[bytes]:
    """Return the versions of the project and of its CI file."""
    with engine.connect() as connection:
        return [
            bytes(connection.scalars(sa.select(table.c.version)).one())
            for table in (repos, workflows)
        ]


def names_of(engine: sa.Engine) -> dict[int, set[str | None]]:
    """Return what scheduled pipelines and their jobs are called, by pipeline."""
    run, job = workflowruns.c, jobs.c
    query = sa.select(run.gitid, run.workflowname, job.workflowname).where(run.event == "schedule")
    names = dict[int, set[str | None]]()
    with engine.connect() as connection:
        for gitid, *said in connection.execute(query.where(job.rungitid == run.gitid)):
            names.setdefault(gitid, set()).update(said)
    return names


def test_schedule_that_is_renamed_keeps_its_nights(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    assert command(*WORDS).code == 0
    first, second = names_of(engine)
    with engine.begin() as connection:
        connection.execute(sa.delete(dirtyruns))
    project.schedules[1]["description"] = "Nightly build"
    third = served.world.add_pipeline(project, source="schedule")["id"]
    assert command(*WORDS).code == 0
    assert names_of(engine) == {gitid: {"Nightly build"} for gitid in (first, second, third)}
    with engine.connect() as connection:
        changed = {*connection.scalars(sa.select(dirtyruns.c.rungitid))}
    assert {first, second} <= changed


def test_schedules_of_one_name_are_two_nightlies(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    assert command(*WORDS).code == 0
    first, second = names_of(engine)
    project.schedules[4] = {**project.schedules[1], "id": 4, "description": "Nightly"}
    project.makers[second] = 4
    third = served.world.add_pipeline(project, source="schedule")["id"]
    assert command(*WORDS).code == 0
    ours, other = {"nightly (schedule 1)"}, {"Nightly (schedule 4)"}
    assert names_of(engine) == {first: ours, second: {"nightly"}, third: ours}
    fourth = served.world.add_pipeline(project, source="schedule")["id"]
    project.makers[fourth] = 4
    assert command(*WORDS).code == 0
    assert names_of(engine) == {first: ours, second: other, third: ours, fourth: other}


def test_schedules_of_one_name_on_two_branches_keep_it(
    served: Server, project: Project, command: Command, engine: sa.Engine
) -> None:
    project.schedules[4] = {**project.schedules[1], "id": 4, "ref": "refs/heads/stable"}
    assert command(*WORDS).code == 0
    assert set().union(*names_of(engine).values()) == {"nightly"}
