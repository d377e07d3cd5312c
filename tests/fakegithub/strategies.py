"""Hypothesis strategies for worlds: short lists of moves, which shrink to the move that matters.

@given(worlds())
def test_any_order_ends_in_one_state(world): ...
"""

from collections.abc import Callable

from hypothesis import strategies as st

from fakegithub.world.world import World

Move = tuple[str, int, int]
CONCLUSIONS = ("success", "failure", "cancelled", "timed_out", "neutral")
LABELS = (("ubuntu-latest",), ("windows-latest",), ("macos-14",), ("self-hosted", "Linux"))
BRANCHES = ("main", "feature/a", "Feature/a", "a ", "é", "e", "x" * 255)
NAMES = ("app", "app-2", "App-3", "core")


def worlds(*, max_moves: int = 60, ties: bool = True) -> st.SearchStrategy[World]:
    """Return a strategy of worlds made by up to `max_moves` moves.

    `ties` False keeps apart by a second what nothing else puts in order: changes of one repository
    or workflow, a run's end and its approval.
    """
    return moves(max_moves=max_moves).map(lambda chosen: play(chosen, ties=ties))


def moves(*, max_moves: int = 60) -> st.SearchStrategy[list[Move]]:
    """Return a strategy of moves: (verb, which target, seconds that pass first).

    Lists have at least half of `max_moves`, or most worlds would be too small to say anything;
    what a failing one needs not, shrinks to moves that do nothing.
    """
    seconds = st.one_of(st.integers(0, 2), st.integers(0, 7200))
    # Of all verbs those that carry a run forward come often, or few runs would ever end.
    verbs = st.sampled_from(["nothing", *LIVELY, *MOVES])
    one = st.tuples(verbs, st.integers(0, 31), seconds)
    return st.lists(one, min_size=max_moves // 2, max_size=max_moves)


def play(chosen: list[Move], *, ties: bool = True) -> World:
    """Return a world after the moves; a move without a target does nothing."""
    world = World(seed=7)
    app = world.create_repo("octo-org/app")
    fork = world.create_repo("mona/app", owner_type="User", fork=True)
    for repo in (app, fork):
        world.push(repo, "Initial commit", after=1)
    world.add_workflow(app, "Deploy")
    run = world.trigger(world.add_workflow(app, "CI"), after=1)
    for name in ("build", "test"):
        world.queue_job(run, name)
    for verb, target, seconds in chosen:
        world.advance(seconds if ties or verb not in DATED else max(1, seconds))
        MOVES[verb](world, app, target)
    return world


def _pick(found: list[int], target: int, act: Callable[[int], object]) -> None:
    if found:
        act(found[target % len(found)])


def _runs(world: World, app: int, *, completed: bool) -> list[int]:
    runs = [world.run(number) for number in world.members.get(("run", app), ())]
    return [run.id for run in runs if (run.status == "completed") == completed]


def _jobs(world: World, app: int, *statuses: str) -> list[int]:
    runs = _runs(world, app, completed=False)
    jobs = [job for run in runs for job in world.jobs_of(run)]
    return [job.id for job in jobs if job.status in statuses]


def _push(world: World, app: int, target: int) -> None:
    branch = BRANCHES[target % len(BRANCHES)]
    world.push(app, f"Change {target}", branch=branch, login=None if target % 3 else "octocat")


def _force(world: World, app: int, target: int) -> None:
    branches = [branch.name for branch in world.at().branches(app)]
    world.force_push(app, f"Rewrite {target}", branch=branches[target % len(branches)])


def _make_branch(world: World, app: int, target: int) -> None:
    name = BRANCHES[target % len(BRANCHES)]
    if world.head(app, name) is None:
        world.create_branch(app, name, push_first=target % 2 == 0)


def _drop_branch(world: World, app: int, target: int) -> None:
    name = BRANCHES[1 + target % (len(BRANCHES) - 1)]
    if world.head(app, name) is not None:
        world.delete_branch(app, name)


def _tag(world: World, app: int, target: int) -> None:
    name = f"v{target % 4}"
    if world.state("tag", (app, name)) is None:
        world.tag(app, name)
    else:
        world.delete_tag(app, name)


def _trigger(world: World, app: int, target: int) -> None:
    flows = world.members[("workflow", app)]
    fork = world.members[("repo", None)][1] if target % 4 == 3 else None
    world.trigger(
        flows[target % len(flows)],
        head_repo_id=fork,
        event="pull_request" if fork else "push",
        pull_request=target if target % 8 == 2 else None,
        needs_approval=target % 8 == 7,
        actor=None if target == 31 else "octocat",
        name="" if target == 30 else None,
    )


def _approve_run(world: World, app: int, target: int) -> None:
    ended = [world.run(number) for number in _runs(world, app, completed=True)]
    held = [run.id for run in ended if run.conclusion == "action_required"]
    _pick(held, target, world.approve_run)


def _finish_run(world: World, app: int, target: int) -> None:
    runs = _runs(world, app, completed=False)
    ready = [run for run in runs if all(job.completed_at for job in world.jobs_of(run))]
    _pick(ready, target, world.finish_run)


def _work_off(world: World, app: int, target: int) -> None:
    """Bring all of a run's jobs to their end, and the run: what re-runs need first."""

    def work(run: int) -> None:
        for place, job in enumerate(world.jobs_of(run)):
            if job.status in ("queued", "waiting"):
                world.start_job(job.id, after=target)
            if job.status != "completed":
                world.finish_job(job.id, CONCLUSIONS[(place + target) % 5], after=place)
        world.finish_run(run)

    _pick(_runs(world, app, completed=False), target, work)


def _queue(world: World, app: int, target: int) -> None:
    labels = LABELS[target % len(LABELS)]
    environment = "production" if target % 5 == 0 else None
    _pick(
        _runs(world, app, completed=False),
        target,
        lambda run: world.queue_job(run, f"job {target}", labels=labels, environment=environment),
    )


def _rename(world: World, app: int, target: int) -> None:
    name = NAMES[target % len(NAMES)]
    if world.repo(app).full_name.split("/")[1] != name and not _taken(world, f"octo-org/{name}"):
        world.rename(app, name)


def _taken(world: World, full_name: str) -> bool:
    found = world.at().repo_named(full_name)
    return found is not None and found.full_name.lower() == full_name.lower()


def _take_old_name(world: World, app: int, target: int) -> None:
    full_name = f"octo-org/{NAMES[target % len(NAMES)]}"
    if not _taken(world, full_name):
        world.push(world.create_repo(full_name), "Another repository")


MOVES: dict[str, Callable[[World, int, int], None]] = {
    "nothing": lambda w, a, n: None,
    "push": _push,
    "force push": _force,
    "make branch": _make_branch,
    "drop branch": _drop_branch,
    "tag": _tag,
    "trigger": _trigger,
    "approve run": _approve_run,
    "finish run": _finish_run,
    "queue job": _queue,
    "work off": _work_off,
    "hold job": lambda w, a, n: _pick(_jobs(w, a, "queued"), n, w.hold_job),
    "approve job": lambda w, a, n: _pick(
        _jobs(w, a, "waiting"), n, lambda job: w.approve_job(job, after=1)
    ),  # a person takes longer than a second
    "start job": lambda w, a, n: _pick(_jobs(w, a, "queued"), n, w.start_job),
    "finish job": lambda w, a, n: _pick(
        _jobs(w, a, "in_progress"), n, lambda job: w.finish_job(job, CONCLUSIONS[n % 5])
    ),
    "cancel job": lambda w, a, n: _pick(_jobs(w, a, "queued", "in_progress"), n, w.cancel_job),
    "skip job": lambda w, a, n: _pick(
        _runs(w, a, completed=False), n, lambda run: w.skip_job(run, f"skipped {n}")
    ),
    "cancel run": lambda w, a, n: _pick(_runs(w, a, completed=False), n, w.cancel),
    "re-run all": lambda w, a, n: _pick(_runs(w, a, completed=True), n, w.rerun_all),
    "re-run failed": lambda w, a, n: _pick(_runs(w, a, completed=True), n, w.rerun_failed),
    "rename": _rename,
    "take old name": _take_old_name,
    "transfer": lambda w, a, n: w.transfer(a, f"owner-{n % 3}"),
    "describe": lambda w, a, n: w.describe(a, f"About {n}"),
    "archive": lambda w, a, n: w.archive(a, n % 2 == 0),
    "change workflow": lambda w, a, n: w.change_workflow(
        w.members[("workflow", a)][n % 2], name=f"CI {n % 3}"
    ),
}
# Moves whose order nothing but a time tells, and GitHub's times are whole seconds.
DATED = frozenset(
    {
        *("take old name", "rename", "transfer", "describe", "archive"),
        *("change workflow", "approve run"),
    }
)
LIVELY = (
    *("push", "trigger", "hold job"),
    *("start job", "finish job", "queue job", "finish run") * 3,
    *("work off", "re-run failed") * 5,
)
