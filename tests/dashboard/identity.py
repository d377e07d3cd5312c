"""Hand-written worlds in which a name is not one thing, or one thing has two names."""

from datetime import datetime, timedelta

from sqlalchemy import Engine

from schema.tables.ci import repoaliases, workflows
from tests.dashboard import stored
from tests.dashboard.conftest import NOW

DAY = timedelta(days=1)
LAST_NIGHT = NOW - timedelta(hours=7)


def workflow(engine: Engine, repoid: int, gitid: int, name: str, path: str, **values: str) -> None:
    """Store a workflow of github.com."""
    usual = {"provider": "github", "path": f".github/workflows/{path}", "state": "active"}
    stored.put(engine, workflows, gitid=gitid, repoid=repoid, name=name, **{**usual, **values})


def ended(
    engine: Engine,
    repoid: int,
    gitid: int | None,
    name: str,
    created: datetime,
    how: str,
    **values: str,
) -> int:
    """Store a run of a workflow with a job that ended as it did; return the run's gitid."""
    own = {"workflowname": name, "workflowgitid": gitid, "conclusion": how, **values}
    run = stored.run(engine, repoid, created, **own)
    provider = values.get("provider", "github")
    stored.job(engine, repoid, run, created, conclusion=how, workflowname=name, provider=provider)
    return run


def two_files(engine: Engine) -> int:
    """Store two workflows of one name: one failed last night, the other passed after it."""
    repoid = stored.repo(engine, "octo-org/app")
    workflow(engine, repoid, 501, "Nightly", "linux.yml")
    workflow(engine, repoid, 502, "Nightly", "windows.yml")
    for night, how in ((1, "success"), (0, "failure")):
        ended(engine, repoid, 501, "Nightly", LAST_NIGHT - night * DAY, how)
        later = LAST_NIGHT - night * DAY + timedelta(minutes=30)
        ended(engine, repoid, 502, "Nightly", later, "success")
    return repoid


def renamed(engine: Engine) -> int:
    """Store a workflow that failed for four nights, and last night under a new name."""
    repoid = stored.repo(engine, "octo-org/app")
    workflow(engine, repoid, 501, "Nightly build", "nightly.yml")
    for night, name in ((5, "Nightly"), (4, "Nightly"), (3, "Nightly"), (2, "Nightly")):
        how = "success" if night == 5 else "failure"
        ended(engine, repoid, 501, name, LAST_NIGHT - night * DAY, how)
    for night in (1, 0):
        ended(engine, repoid, 501, "Nightly build", LAST_NIGHT - night * DAY, "failure")
    return repoid


def titled(engine: Engine) -> int:
    """Store runs of a workflow that no list has; `run-name` gave each job another name."""
    repoid, path = stored.repo(engine, "octo-org/app"), ".github/workflows/checks.yml"
    for night in (2, 1, 0):
        created = LAST_NIGHT - night * DAY
        run = stored.run(
            engine, repoid, created, workflowname=path, workflowgitid=777, conclusion="failure"
        )
        title = f"Checks for change {night}"
        stored.job(engine, repoid, run, created, workflowname=title, conclusion="failure")
    return repoid


def made_again(engine: Engine) -> tuple[int, int]:
    """Store a repository that was deleted and one that was made under its name, 40 days later."""
    old = stored.repo(engine, "octo-org/app", gitid=11)
    new = stored.repo(engine, "octo-org/app", gitid=12)
    for repoid, gitid, seen in ((old, 501, NOW - 40 * DAY), (new, 601, NOW - DAY)):
        stored.put(engine, repoaliases, repoid=repoid, name="octo-org/app", lastseen=seen)
        workflow(engine, repoid, gitid, "Nightly", "nightly.yml")
    ended(engine, old, 501, "Nightly", LAST_NIGHT - 40 * DAY, "failure", title="Old change")
    ended(engine, new, 601, "Nightly", LAST_NIGHT, "failure", title="New change")
    return old, new


def two_hosts(engine: Engine) -> tuple[int, int]:
    """Store repositories of one full name, and workflows of one id, on two servers."""
    other = "github:ghes.example.org"
    public = stored.repo(engine, "octo-org/app", gitid=11)
    private = stored.repo(engine, "octo-org/app", gitid=11, provider=other)
    ended(engine, public, 501, "Nightly", LAST_NIGHT, "failure", title="Public change")
    ended(
        engine, private, 501, "Nightly", LAST_NIGHT, "success", provider=other, title="Inner change"
    )
    return public, private
