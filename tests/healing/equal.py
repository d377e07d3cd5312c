"""Whether the tables equal the world: all that GitHub still lists is stored as it is there."""

import sqlalchemy as sa
from sqlalchemy import Engine

from fakegithub.api.hooks import Record
from fakegithub.world.shapes import moment
from fakegithub.world.view import View
from fakegithub.world.world import World
from schema.tables.ci import branches, commits, jobs, repos, runattempts, workflowruns, workflows
from schema.tables.deliveries import deliveries

Facts = dict[str, set[tuple[object, ...]]]


def check_equals_world(engine: Engine, world: World, repo: int) -> None:
    """Fail with what is missing or other than GitHub lists it, of one repository."""
    told, stored = listed(world, repo), stored_of(engine, repo)
    wrong = [
        f"{table}: not stored so: {row}" for table in told for row in told[table] - stored[table]
    ]
    extra = [
        f"{table}: twice, or other: {row}"
        for table in ("branches", "workflowruns", "jobs")
        for row in stored[table] - told[table]
    ]
    if wrong or extra:
        raise AssertionError("\n".join(sorted(wrong + extra)))


def listed(world: World, repo: int) -> Facts:
    """Return what GitHub lists of a repository now."""
    view = world.at()
    runs = list(view.runs(repo))
    found = view.repo(repo)
    assert found is not None
    return {
        "repos": {(found.full_name, found.default_branch)},
        "branches": {(one.name, one.sha) for one in view.branches(repo)},
        "commits": {
            (one.sha,) for branch in view.branches(repo) for one in view.commits(branch.sha)
        },
        "workflows": {(one.id, one.name) for one in view.workflows(repo)},
        "workflowruns": {(run.id, run.attempt, run.status, run.conclusion) for run in runs},
        "runattempts": {row for run in runs for row in attempts(view, run.id, run.attempt)},
        "jobs": {
            (job.id, run.id, job.attempt, job.status, job.conclusion, time(job.completed_at))
            for run in runs
            for job in view.jobs(run.id)
        },
    }


def attempts(view: View, run: int, latest: int) -> set[tuple[object, ...]]:
    """Return the attempts of a run as they ended."""
    found = {number: view.attempt(run, number) for number in range(1, latest + 1)}
    return {(run, n, one.status, one.conclusion) for n, one in found.items() if one}


def time(seconds: int | None) -> object:
    """Return a time as it is stored."""
    return None if seconds is None else moment(seconds).replace(tzinfo=None)


def stored_of(engine: Engine, repo: int) -> Facts:
    """Return what is stored of a repository."""
    with engine.connect() as connection:
        number = connection.execute(sa.select(repos.c.Id).where(repos.c.gitid == repo)).scalar()

        def rows(table: sa.Table, *names: str, **equal: object) -> set[tuple[object, ...]]:
            query = sa.select(*(table.c[name] for name in names))
            chosen = query.where(table.c.repoid == number)
            return {tuple(row) for row in connection.execute(chosen)}

        live = sa.select(branches.c.name, branches.c.headhash).where(
            branches.c.repoid == number, branches.c.deletetime.is_(None)
        )
        named = sa.select(repos.c.name, repos.c.defaultbranch).where(repos.c.gitid == repo)
        return {
            "repos": {tuple(row) for row in connection.execute(named)},
            "branches": {tuple(row) for row in connection.execute(live)},
            "commits": rows(commits, "hash"),
            "workflows": rows(workflows, "gitid", "name"),
            "workflowruns": rows(workflowruns, "gitid", "attempt", "status", "conclusion"),
            "runattempts": rows(runattempts, "rungitid", "attempt", "status", "conclusion"),
            "jobs": rows(jobs, "gitid", "rungitid", "attempt", "status", "conclusion", "endtime"),
        }


def check_log_is_stored(engine: Engine, kept: list[Record]) -> None:
    """Fail unless every delivery that GitHub keeps of a hook was seen."""
    with engine.connect() as connection:
        seen = set(connection.scalars(sa.select(deliveries.c.guid)))
    wanted = {one.delivery.guid for one in kept if one.delivery.event != "ping"}
    assert sorted(wanted - seen) == []
