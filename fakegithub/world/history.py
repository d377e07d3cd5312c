"""Generated histories: repositories that live for some days, drawn from a seed.

    world = history(seed=1, runs=500)

Each run, and the life of each repository, is a generator that yields how many seconds pass before
its next step; `play` steps them all in order of time (so no life moves the clock itself).
"""

import gc
from collections.abc import Callable, Iterator
from datetime import datetime
from heapq import heappop, heappush
from random import Random

from fakegithub.payloads.git_objects import DAY
from fakegithub.world.world import World

Life = Iterator[int]

SYSTEMS = (
    ("ubuntu-latest",),
    ("ubuntu-latest",),
    ("windows-2022",),
    ("macos-14",),
    ("self-hosted", "Linux", "X64", "gpu"),
)
# Roughly real: most jobs succeed, so about one run in three fails, and one in fourteen runs again.
CONCLUSIONS = ("success",) * 60 + ("failure",) * 4 + ("cancelled", "timed_out")
PEOPLE = (
    ("Mona Lisa", "mona@example.org", "octocat"),
    ("Grace Hopper", "grace@example.org", "grace"),
    ("Jürgen Müller", "juergen@example.org", "jmueller"),
    ("李小龍", "li@example.org", None),
)
MESSAGES = ("Fix the build", "Add a test 🧪", "Bump versions\n\nSee the changelog.", "Merge", "WIP")


def history(
    seed: int = 0,
    *,
    runs: int = 100,
    jobs: int = 8,
    repos: int = 1,
    days: int = 30,
    burst: int = 0,
    owner: str = "octo-org",
    start: datetime = DAY,
) -> World:
    """Return a world of `repos` repositories with `runs` runs of about `jobs` jobs in all.

    `burst` of the runs begin within one minute. Re-runs, inherited, skipped, gated and cancelled
    jobs, forks' pull requests, deleted and recreated branches and tags are all in it, and branches
    that are pushed to twice, or deleted and made again, within one second.
    """
    world = World(seed=seed, start=start)
    random = Random(seed)
    lives: list[tuple[int, Life]] = []
    for number in range(repos):
        repo = world.create_repo(f"{owner}/app-{number + 1}")
        fork = world.create_repo(
            f"contributor-{number + 1}/app", owner_type="User", fork=True, after=1
        )
        flows = [world.add_workflow(repo, name) for name in ("CI", "Lint", "Deploy")]
        for target in (repo, fork):
            world.push(target, "Initial commit", after=1)
        world.create_branch(fork, "patch-1")
        lives.append((1, branch_life(world, random, repo, days)))
        span = days * 86_400
        rush = random.randrange(span)
        for place in range(number, runs, repos):
            wait = rush + random.randrange(60) if place < burst else random.randrange(60, span)
            flow = random.choice(flows)
            lives.append((wait, run_life(world, random, flow, fork, jobs)))
    gc_was_on = gc.isenabled()
    gc.disable()  # the log only grows: looking for garbage in it takes longer than making it
    try:
        play(world, lives)
    finally:
        if gc_was_on:
            gc.enable()
    return world


def play(world: World, lives: list[tuple[int, Life]]) -> None:
    """Step lives, each beginning after a wait, in order of time until all have ended."""
    begin = world.now
    waiting = [(begin + wait, order, life) for order, (wait, life) in enumerate(lives)]
    waiting.sort()
    while waiting:
        time, order, life = heappop(waiting)
        world.advance(time - world.now)
        wait = next(life, None)
        if wait is not None:
            heappush(waiting, (world.now + wait, order, life))


def branch_life(world: World, random: Random, repo: int, days: int) -> Life:
    """Push to the default branch a few times a day; make, rewrite, delete and remake others."""
    for day in range(days):
        for _ in range(random.randrange(1, 4)):
            author, email, login = random.choice(PEOPLE)
            messages = random.choices(MESSAGES, k=random.randrange(1, 4))
            offset = random.choice((0, 60, -480))
            world.push(repo, *messages, author=author, email=email, login=login, offset=offset)
            yield random.randrange(600, 20_000)
        name = f"feature/{day % 7}"
        if world.head(repo, name) is None:
            world.create_branch(repo, name, push_first=bool(random.getrandbits(1)))
            yield random.randrange(4)
            world.push(repo, "Try it", branch=name)
        else:
            world.force_push(repo, "Try again", branch=name)
            world.push(repo, "And again", branch=name)
            yield 60
            world.delete_branch(repo, name)
            if random.random() < 0.3:
                world.create_branch(repo, name)
        yield 60
        if day % 5 == 4:
            world.tag(repo, f"v1.{day}")
        yield max(1, 40_000 - random.randrange(20_000))


def run_life(world: World, random: Random, flow: int, fork: int, jobs: int) -> Life:
    """One run from its trigger to its last attempt."""
    from_fork = random.random() < 0.1
    run = world.trigger(
        flow,
        branch="patch-1" if from_fork else None,
        event="pull_request" if from_fork else random.choice(("push", "push", "schedule")),
        head_repo_id=fork if from_fork else None,
        needs_approval=from_fork and random.random() < 0.5,
        actor=random.choice(("octocat", "grace", "jmueller")),
    )
    if world.run(run).status == "completed":
        yield random.randrange(60, 7200)
        world.approve_run(run)
    yield from attempt_life(world, random, [], run, random.randrange(1, 2 * jobs))
    for _ in range(3):
        if world.run(run).conclusion not in ("failure", "cancelled") or random.random() < 0.8:
            return
        yield random.randrange(30, 7200)
        again = world.rerun_failed if random.random() < 0.7 else world.rerun_all
        queued = again(run, actor=random.choice(("octocat", "grace")))
        yield from attempt_life(world, random, queued, run, 0)


def attempt_life(world: World, random: Random, queued: list[int], run: int, new: int) -> Life:
    """Queue `new` jobs and work off all, each at its own pace; then end the run."""
    steps: list[tuple[int, int, Callable[[], object]]] = []
    for number in range(new):
        system = random.choice(SYSTEMS)
        if random.random() < 0.05:
            world.skip_job(run, f"deploy ({number})")
        else:
            queued.append(world.queue_job(run, f"test ({system[0]}, {number})", labels=system))
    if random.random() < 0.01:
        world.attach_check(run, "third-party/scan")
    begin = world.now
    for job in queued:
        steps += job_steps(world, random, job, len(steps))
    steps.sort(key=lambda step: step[:2])
    stop = random.choice(steps)[0] if steps and random.random() < 0.07 else None
    for offset, _, act in steps:
        if stop is not None and offset >= stop:
            world.cancel(run)
            return
        if begin + offset > world.now:
            yield begin + offset - world.now
        act()
    yield random.randrange(3)
    world.finish_run(run)


def job_steps(
    world: World, random: Random, job: int, order: int
) -> list[tuple[int, int, Callable[[], object]]]:
    """Return what happens to a queued job: (seconds from now, order, act)."""
    steps: list[tuple[int, int, Callable[[], object]]] = []
    wait = random.choice((0, 3, 5, 6, 6, 8, 30)) if random.random() < 0.9 else 1374
    if random.random() < 0.03:
        steps += [
            (1, order, lambda: world.hold_job(job)),
            (wait + 60, order + 1, lambda: world.approve_job(job)),
        ]
        wait += 66
    if random.random() < 0.02:
        return [*steps, (wait, order + 2, lambda: world.cancel_job(job))]
    conclusion = random.choice(CONCLUSIONS)
    length = random.randrange(5, 1800)
    return [
        *steps,
        (wait, order + 3, lambda: world.start_job(job)),
        (wait + length, order + 4, lambda: world.finish_job(job, conclusion)),
    ]
