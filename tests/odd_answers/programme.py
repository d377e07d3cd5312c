"""Two repositories, one of which answers oddly: the other must come whole, and nothing may break.

A round has a seed: a world, a store of its own, a backfill, a cycle of the reconciler and an audit
while a share of the answers about the one repository, and of its organisation's lists, is odd. With
an even seed some paths have no answer at all, for ever: what lacks then must be named.
"""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from functools import partial
from io import StringIO
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from backfill.cli import main
from backfill.github.api_access import RULES
from backfill.http import client, rate_limit
from backfill.http.etag_cache import CachingClient
from backfill.http.rate_limit import RateLimit
from backfill.reconcile.cycle import run_cycle
from backfill.reconcile.cycle_context import CycleSettings
from backfill.reconcile.reporter import CycleReporter
from backfill.vendors import vendor_of
from engines import connect
from fakegithub.api.answers import Answer
from fakegithub.api.hooks import Hook
from fakegithub.server import TOKEN, Server
from fakegithub.world.world import World
from schema.tables.ci import jobs, workflowruns
from schema.tables.failures import failures
from tests.backfill.filling import served
from tests.fakegithub.samples import app_of, small_world
from tests.odd_answers.left_out import failed_jobs, list_unnamed
from tests.odd_answers.oddities import make_broken, make_odd

ODD, PLAIN = "octo-org/app", "octo-org/core"
SHARE, LASTING, FAST, MANY, RUNS = 0.4, 0.15, 5000, 30, 5
FAILED, LOGGED = 6, 40
"""Failed jobs of the odd repository, and deliveries in the log of its hook."""


class Round(NamedTuple):
    """What came of a round: how many answers were odd, and what went wrong, in sentences."""

    odd: int
    wrong: list[str]


def play(seed: int, folder: Path) -> Round:
    """Play one round over a store in `folder`."""
    lock, asked, odd = threading.Lock(), Counter[str](), [0]
    world, is_lasting = two_repositories(), seed % 2 == 0

    def change(path: str, answer: Answer) -> Answer:
        with lock:
            if not path.startswith((f"/repos/{ODD}", "/orgs/")) or answer.status not in (200, 302):
                return answer
            asked[path] += 1
            if is_lasting:
                draw = Random(f"{seed} {path}")
                if path == f"/repos/{ODD}" or draw.random() >= LASTING:
                    return answer
                odd[0] += 1
                return make_broken(answer, draw)
            # Not by which thread came first: a seed stands for the same answers.
            draw = Random(f"{seed} {path} {asked[path]}")
            if draw.random() >= SHARE:
                return answer
            odd[0] += 1
            return make_odd(answer, path, draw)

    url, said, wrong = f"sqlite:///{folder / f'{seed}.db'}", StringIO(), list[str]()
    with (
        served(world, url) as github,
        pytest.MonkeyPatch.context() as patch,
        redirect_stderr(said),
        redirect_stdout(said),
    ):
        patch.setattr(rate_limit, "MINUTE", 60 / FAST)
        patch.setattr(client, "SECOND", 1 / FAST)
        github.limits.scale = FAST
        github.change = change
        hook = lose_deliveries(github, world)
        odd[0] += break_logs(github, world, seed)
        usual = ["-r", ODD, "-r", PLAIN]
        audit = ["-r", "octo-org", "--audit", "--since", "2026-01-01"]
        commands: tuple[tuple[str, Callable[[], int]], ...] = (
            ("backfill", partial(main, usual)),
            ("audit", partial(main, audit)),
            ("healing", partial(heal, url, github.url, world.now)),
        )
        for name, command in commands:
            try:
                code = command()
            except Exception as error:  # noqa: BLE001 - it is what is looked for
                wrong.append(f"{name}: {type(error).__name__}: {error}")
                continue
            wrong += [f"{name}: exit code {code}"] if code not in (0, 1) else []
            if is_lasting:
                logged = hook if name == "healing" else None
                unnamed = list_unnamed(url, world, code, said.getvalue(), logged)
                wrong += [f"{name}: {sentence}" for sentence in unnamed]
    wrong += check_plain(url)
    # The fake server prints its own where a connection is cut.
    if any('  File "' in line and "/backfill/" in line for line in said.getvalue().splitlines()):
        wrong.append("a traceback was printed")
    return Round(odd[0], wrong)


def heal(url: str, api: str, now: int) -> int:
    """Make a cycle of the reconciler."""
    engine = connect(url)
    reporter = CycleReporter()
    limit = RateLimit(RULES, reporter.waiting, None, 0.5)
    settings = CycleSettings(vendor_of("github"), ("octo-org",), 30)
    time = datetime.fromtimestamp(now + 600, UTC).replace(tzinfo=None)
    try:
        run_cycle(engine, CachingClient(api, TOKEN, limit), reporter, settings, time, first=True)
    finally:
        engine.dispose()
    print("\n".join(reporter.problems))
    return 1 if reporter.problems else 0


def lose_deliveries(github: Server, world: World) -> Hook:
    """Make the odd repository's hook, whose latest deliveries nobody received."""
    repo = app_of(world)
    hook = github.hooks.create("https://ci.example.org/webhook", repo_id=repo, events=("*",))
    hook.created_at = 0
    for delivery in list(world.deliveries(repo_id=repo))[-LOGGED:]:
        github.hooks.lose(hook, delivery)
    return hook


def break_logs(github: Server, world: World, seed: int) -> int:
    """Let the host of the logs fail for some jobs of the odd repository; return how many."""
    draw = Random(f"{seed} logs")
    kinds = {job: draw.choice((None, 0, 503, "page", "cut", "link")) for job in failed_jobs(world)}
    github.blobs_as.lasting = {job: kind for job, kind in kinds.items() if kind is not None}
    return len(github.blobs_as.lasting)


def two_repositories() -> World:
    """Return a world with two repositories, each with runs that have ended, and their jobs."""
    world = small_world(runs=MANY)
    core = world.create_repo(PLAIN)
    world.push(core, "First")
    flow = world.add_workflow(core, "CI")
    for _ in range(RUNS):
        world.trigger(flow, after=1)
    for name in ("a", "b", "c"):
        world.create_branch(app_of(world), name, after=1)
        world.push(app_of(world), name, branch=name, after=1)
    for repo in world.members[("repo", None)]:
        runs = list(world.members[("run", repo)])
        for run in runs:
            failed = runs[-1:] if repo == core else runs[-FAILED:]
            job = world.queue_job(run, "build", after=1)
            world.start_job(job, after=1)
            world.finish_job(job, "failure" if run in failed else "success", after=60)
            world.finish_run(run, after=1)
    return world


def check_plain(url: str) -> list[str]:
    """Return what the other repository lacks."""
    engine = connect(url)
    wrong = list[str]()
    with engine.connect() as connection:
        for column in (workflowruns.c.gitid, jobs.c.gitid):
            query = sa.select(sa.func.count(column)).where(column.table.c.repo == PLAIN)
            count = connection.scalar(query)
            if count != RUNS:
                wrong.append(f"{PLAIN} has {count} of {RUNS} {column.table.name}")
        told = jobs.join(failures, jobs.c.gitid == failures.c.jobgitid)
        query = sa.select(sa.func.count()).select_from(told).where(jobs.c.repo == PLAIN)
        if connection.scalar(query) != 1:
            wrong.append(f"the reason of {PLAIN}'s failed job is lacking")
    engine.dispose()
    return wrong
