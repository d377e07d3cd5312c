"""Nightlies are known by what their schedules are called, which may change."""

import sqlalchemy as sa

from fakegitlab.server import Server
from fakegitlab.world import Project
from schema.tables.ci import jobs, workflowruns
from schema.tables.rollups import dirtyruns
from tests.backfill.conftest import Command
from tests.backfill.gitlab.conftest import NAME

WORDS = ("-r", f"gitlab:{NAME}")


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
