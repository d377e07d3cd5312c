"""Print completed runs and their jobs of repositories at GitHub, each once, in order of creation.

`since` in a repository's state is the moment up to which every run was printed or is in `open`:
one that is not completed yet, which holds nobody up and is asked for again. What was printed in the
hour before it is in `recent`, since a list may show a run late. A load that is broken off anywhere
goes on from its last state: nothing is left out, and what comes twice is one row.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from github import Github, NotThere, TryLater

NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
LISTED = 1000
"""Runs of a list at most, whatever its total_count says."""
LATE = timedelta(hours=1)
"""How much later than it is created a list may show a run."""
FORM = "%Y-%m-%dT%H:%M:%SZ"
State = dict[str, Any]


def main() -> int:
    """Print what is new of each repository."""
    names = read_names()
    if not names:
        print(
            "REPOSITORIES in feed.toml is empty, and there is no repositories.txt", file=sys.stderr
        )
        return 78
    github = Github(
        os.environ.get("SOURCE_GITHUB_URL", "https://api.github.com"),
        token_of("SOURCE_GITHUB_TOKEN"),
    )
    states: dict[str, State] = json.loads(Path(os.environ["FEED_STATE"]).read_text("utf-8"))
    days = os.environ.get("FIRST_DAYS", "30")
    if not re.fullmatch(r"\d{1,5}", days, re.A):
        print(f"FIRST_DAYS in feed.toml is no number of days: {days!r}", file=sys.stderr)
        return 78
    seen = odd = 0
    for name in names:
        try:
            collect(github, name, states, timedelta(days=int(days)))
            seen += 1
        except NotThere:
            print(f"{name}: is not to be seen", file=sys.stderr)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            odd += 1
            print(f"{name}: what GitHub says has another form: {error!r}", file=sys.stderr)
        except TryLater as error:
            print(error, file=sys.stderr)
            return 75
    return 1 if odd else 0 if seen else 78


def read_names() -> list[str]:
    """Return the repositories, as often as they are named once."""
    file = Path(__file__).with_name("repositories.txt")
    text = (
        os.environ.get("REPOSITORIES", "")
        + " "
        + (file.read_text("utf-8") if file.exists() else "")
    )
    return list(dict.fromkeys(filter(NAME.fullmatch, text.lower().split())))


def token_of(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text("utf-8").strip() if path else os.environ.get(name, "")


def collect(github: Github, name: str, states: dict[str, State], days: timedelta) -> None:
    """Print the runs of a repository that completed. Raises NotThere, TryLater."""
    repository = Repository(github, name, github.get(f"/repos/{name}"))
    now = github.now()
    first = now - days
    state = states.setdefault(name, {"since": first.strftime(FORM), "open": [], "recent": {}})
    for gitid in list(state["open"]):
        run = repository.find(f"/repos/{name}/actions/runs/{gitid}")
        if run is None or run["status"] == "completed":
            if run is not None:
                repository.emit_run(run)
            state["open"].remove(gitid)
            emit_state(states)
    begin = datetime.strptime(state["since"], FORM).replace(tzinfo=UTC) - LATE
    for run in list_runs(github, name, begin, now):
        if str(run["id"]) not in state["recent"] and run["id"] not in state["open"]:
            if run["status"] == "completed":
                repository.emit_run(run)
            else:
                state["open"].append(run["id"])
            state["recent"][str(run["id"])] = run["created_at"]
            state["since"] = max(state["since"], run["created_at"])
            forget_old(state)
            emit_state(states)
    # All until now came: what is listed late is asked for by LATE.
    state["since"] = max(state["since"], now.strftime(FORM))
    forget_old(state)
    emit_state(states)


def forget_old(state: State) -> None:
    """Leave out of the state what no list asks for again."""
    begin = (datetime.strptime(state["since"], FORM) - LATE).strftime(FORM)
    state["recent"] = {gitid: made for gitid, made in state["recent"].items() if made >= begin}


def list_runs(
    github: Github, name: str, begin: datetime, end: datetime
) -> Iterator[dict[str, Any]]:
    """Yield the runs that were created between two moments, the oldest first.

    A list has its newest LISTED alone: where there are more, it is asked for by halves.
    """
    path = f"/repos/{name}/actions/runs?created={begin.strftime(FORM)}..{end.strftime(FORM)}"
    page = github.get(f"{path}&per_page=100&page=1")
    half = (end - begin) / 2
    if page["total_count"] > LISTED and half >= timedelta(seconds=1):
        middle = (begin + half).replace(microsecond=0)
        yield from list_runs(github, name, begin, middle)
        yield from list_runs(github, name, middle + timedelta(seconds=1), end)
        return
    runs = {run["id"]: run for run in page["workflow_runs"]}
    number = 1
    while len(page["workflow_runs"]) == 100 and number < LISTED // 100:
        number += 1
        page = github.get(f"{path}&per_page=100&page={number}")
        runs |= {run["id"]: run for run in page["workflow_runs"]}
    yield from sorted(runs.values(), key=lambda run: (run["created_at"], run["id"]))


class Repository:
    """A repository whose objects are printed, each with it; its workflows before the first run."""

    def __init__(self, github: Github, name: str, own: dict[str, Any]) -> None:
        self.github, self.name, self.own = github, name, own
        self.is_told = False

    def emit_run(self, run: dict[str, Any]) -> None:
        """Print a run, its earlier attempts and the jobs of all of them."""
        path = f"/repos/{self.name}/actions/runs/{run['id']}"
        attempts = [
            self.find(f"{path}/attempts/{number}") for number in range(1, run["run_attempt"])
        ]
        jobs = self.list_all(f"actions/runs/{run['id']}/jobs?filter=all", "jobs")
        if not self.is_told:
            self.emit("repository", self.own)
            for workflow in self.list_all("actions/workflows?", "workflows"):
                self.emit("workflow", workflow)
            self.is_told = True
        for each in (*attempts, run):
            if each is not None:
                self.emit("workflow_run", each)
        for job in jobs:
            self.emit("workflow_job", job)

    def find(self, path: str) -> Any:
        """Return what a path answers, None for what was deleted meanwhile."""
        try:
            return self.github.get(path)
        except NotThere:
            return None

    def list_all(self, path: str, field: str) -> list[dict[str, Any]]:
        """Return all of a list; what was deleted meanwhile has none."""
        listed = list[dict[str, Any]]()
        try:
            while len(listed) % 100 == 0:
                number = len(listed) // 100 + 1
                page = self.github.get(f"/repos/{self.name}/{path}&per_page=100&page={number}")
                if not page[field]:
                    break
                listed += page[field]
        except NotThere:
            return listed
        return listed

    def emit(self, kind: str, value: dict[str, Any]) -> None:
        record = {"vendor": "github", "kind": kind, "object": slim(value)}
        record["repository"] = slim(self.own)
        print(json.dumps({"type": "RECORD", "stream": "objects", "record": record}))


def slim(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object without the addresses of the API that each holds by the dozen."""
    return {
        name: slim(each) if isinstance(each, dict) else each
        for name, each in value.items()
        if name == "html_url" or not name.endswith("_url")
    }


def emit_state(states: dict[str, State]) -> None:
    print(json.dumps({"type": "STATE", "value": states}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
