"""Serve a generated world until Ctrl-C: python -m fakegithub --port 8080 --runs 5000."""

import argparse
import errno
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from fakegithub.api.faults import Faults
from fakegithub.api.limits import Limits
from fakegithub.server import Server, scaled_clock, serve
from fakegithub.world.history import history


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted; with --hook also post what happens to a listener."""
    options = _parser().parse_args(argv)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight - timedelta(days=options.days)
    world = history(
        options.seed,
        runs=options.runs,
        jobs=options.jobs,
        repos=options.repos,
        days=options.days,
        start=start,
    )
    clock = scaled_clock(int(start.timestamp()), options.live) if options.live else None
    try:
        with serve(
            world,
            port=options.port,
            clock=clock,
            limits=Limits(scale=options.scale),
            faults=Faults(seed=options.seed, rate=options.faults),
        ) as github:
            _describe(github)
            if options.hook:
                _post(github, options.hook, options.secret)
            threading.Event().wait()
    except KeyboardInterrupt:
        print(f"stopped after {len(github.requests)} requests")
    except OSError as error:
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
        print(f"port {options.port} {why}: choose another with --port", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fakegithub", description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--runs", type=int, default=500, help="workflow runs in all (500)")
    parser.add_argument("--jobs", type=int, default=8, help="jobs of a run, on average (8)")
    parser.add_argument("--repos", type=int, default=1)
    parser.add_argument("--days", type=int, default=30, help="how many days the history spans")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1, help="rate limits this much faster (1)")
    parser.add_argument("--faults", type=float, default=0, help="share of requests that fail (0)")
    parser.add_argument(
        "--live", type=float, default=0, help="let the history happen, this much faster than time"
    )
    parser.add_argument("--hook", help="URL of a listener to post deliveries to")
    parser.add_argument("--secret", help="the listener's webhook secret")
    return parser


def _describe(github: Server) -> None:
    world = github.world
    print(f"API    {github.url}   (GITHUB_API_URL)")
    print(f"token  {github.token}   (GITHUB_TOKEN, -k)")
    for repo_id in world.members[("repo", None)]:
        repo = world.repo(repo_id)
        runs = len(world.members.get(("run", repo_id), ()))
        print(f"repo   {repo.full_name}   {runs} runs")
    print(f"try    curl -H 'Authorization: Bearer {github.token}' {github.url}/rate_limit")
    sys.stdout.flush()


def _post(github: Server, url: str, secret: str | None) -> None:
    """Post the history's deliveries as it happens (with --live), else all at once."""
    for repo_id in github.world.members[("repo", None)]:
        hook = github.hooks.create(
            url, repo_id=repo_id, events=("*",), secret=secret, content_type="json"
        )
        hook.created_at = 0
    total = 0
    while True:
        total += github.hooks.send_due(until=github.now())
        print(f"posted {total} deliveries to {url}", flush=True)
        if github.clock is None:
            return
        threading.Event().wait(1)


if __name__ == "__main__":
    raise SystemExit(main())
