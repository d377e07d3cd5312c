"""The day that the demo sends: what happened in three repositories since yesterday.

Most of it is drawn from a seed; what must not be missing is played by hand.
"""

from collections.abc import Iterator
from datetime import datetime

from fakegithub.world.history import SYSTEMS, history
from fakegithub.world.world import Delivery, World

PULL, PULL_BRANCH = 12, "faster-search"
HOSTILE_BRANCH = '<img src=x onerror=alert(1)>"; DROP TABLE jobs; --'
HOSTILE_MESSAGE = '<script>alert(1)</script>\n\n=HYPERLINK("http://example.org") 🧨 \u202egnp'


def day(start: datetime) -> World:
    """Return the world of a day that began at `start`."""
    world = history(seed=20, runs=60, jobs=5, repos=2, days=1, owner="demo-org", start=start)
    repo = world.create_repo("demo-org/website", after=60)
    flow = world.add_workflow(repo, "Nightly")
    play_day(world, repo, flow)
    return world


def play_day(world: World, repo: int, flow: int) -> None:
    """Play what must not be missing, in a repository with a workflow."""
    world.push(repo, "First page", after=60)
    failed_then_fixed(world, flow)
    world.tag(repo, "v1.0", after=60)
    world.push(repo, HOSTILE_MESSAGE, branch=HOSTILE_BRANCH, author="=1+1", after=60)
    attacked(world, flow)
    proposed_from_fork(world, flow)
    world.rename(repo, "portal", after=60)
    world.delete_branch(repo, HOSTILE_BRANCH, after=60)
    proposed(world, repo, flow)
    matrix(world, flow, None, ("success",) * 3)


def proposed(world: World, repo: int, flow: int) -> None:
    """Play a pull request of two commits, the first of which fails."""
    world.create_branch(repo, PULL_BRANCH, after=60)
    for message, conclusion in (("Search faster", "failure"), ("Keep the order", "success")):
        world.push(repo, message, branch=PULL_BRANCH, after=60)
        run = world.trigger(
            flow, branch=PULL_BRANCH, event="pull_request", pull_request=PULL, after=5
        )
        for number, name in enumerate(("lint", "test (ubuntu-latest)")):
            job = world.queue_job(run, name, labels=SYSTEMS[0])
            world.start_job(job, after=5)
            world.finish_job(job, conclusion if number else "success", after=60)
        world.finish_run(run, after=1)


def matrix(world: World, flow: int, branch: str | None, conclusions: tuple[str, ...]) -> int:
    """Play a run with a job on Linux, Windows and macOS each; return the run's id."""
    run = world.trigger(flow, branch=branch, event="schedule", after=60)
    systems = (SYSTEMS[0], SYSTEMS[2], SYSTEMS[3])
    jobs = [world.queue_job(run, f"test ({labels[0]})", labels=labels) for labels in systems]
    for wait, job in enumerate(jobs):
        world.start_job(job, after=4 + wait)
    for job, conclusion in zip(jobs, conclusions, strict=True):
        world.finish_job(job, conclusion, after=75)
    world.finish_run(run, after=2)
    return run


def failed_then_fixed(world: World, flow: int) -> None:
    """Play a run whose failed job succeeds when it is run again."""
    run = matrix(world, flow, None, ("success", "failure", "success"))
    for job in world.rerun_failed(run, actor="grace", after=300):
        world.start_job(job, after=6)
        world.finish_job(job, "success", after=80)
    world.finish_run(run, after=2)


def proposed_from_fork(world: World, flow: int) -> None:
    """Play a stranger's pull request, whose run waits for an approval."""
    fork = world.create_repo("stranger/website", owner_type="User", fork=True, after=60)
    world.push(fork, "Fix a typo", branch="patch-1", after=60)
    run = world.trigger(
        flow,
        branch="patch-1",
        event="pull_request",
        actor="stranger",
        head_repo_id=fork,
        needs_approval=True,
        after=60,
    )
    world.approve_run(run, after=600)
    job = world.queue_job(run, "test (ubuntu-latest)", labels=SYSTEMS[0])
    world.start_job(job, after=5)
    world.finish_job(job, "success", after=60)
    world.finish_run(run, after=1)


def attacked(world: World, flow: int) -> None:
    """Play a run whose branch, title and job try to break whoever shows them."""
    run = world.trigger(flow, branch=HOSTILE_BRANCH, title="{{7*7}} ${jndi:ldap://x}", after=60)
    job = world.queue_job(run, "build <b>'quoted'</b> \x1b[31m", labels=SYSTEMS[0])
    world.start_job(job, after=5)
    world.finish_job(job, "failure", after=30)
    world.finish_run(run, after=1)


def deliveries(start: datetime) -> Iterator[Delivery]:
    """Yield the day's deliveries in the order in which they happened."""
    return day(start).deliveries()
