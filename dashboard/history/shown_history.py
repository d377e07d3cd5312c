"""What the URL of such a page names, and what all of them show."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from flask import abort, url_for

from dashboard.view import history_figures
from dashboard.view.formats import query
from dashboard.view.job_grid import JobGrid, draw_grid
from dashboard.web import filters, names
from dashboard.web.filters import BadFilter
from dashboard.web.request import local, render_page, store
from rows.words import WorkflowKey
from store.history import newest_jobs, newest_runs
from store.history.newest_jobs import JobEnd
from store.reads import runs as reads
from store.reads.runs import Repo, Run

TITLE = "Runs"
RUNS = 100
LISTED = 50
OF_NO_REPOSITORY = ("Runner", "Runner pool")


class ChosenWorkflow(NamedTuple):
    """A workflow that a URL names, and what to call it."""

    repo: Repo
    key: WorkflowKey
    label: str
    runs: list[Run]

    @property
    def gitid(self) -> int | None:
        """Its id, None where it is known by its name alone."""
        return self.key if isinstance(self.key, int) else None


def read_repo() -> Repo:
    """Return the repository that the URL names. Raises BadFilter without one."""
    number = names.read_repo()
    repo = None if number is None else reads.find_repo_by_id(store(), number)
    if repo is None or repo.name is None:
        raise BadFilter("repo is missing: the full name of a repository.")
    return repo


Found = TypeVar("Found")


def find_named(name: str, find: Callable[[str], Found]) -> tuple[str, Found]:
    """Return what a filter names that must be there, as it is spelled, and what is found of it.

    Nothing is found where no spelling has anything. Raises BadFilter.
    """
    spelled = filters.spellings(name)
    if not spelled:
        raise BadFilter(f"{name} is missing.")
    for value in spelled:
        if there := find(value):
            break
    return value, there


def read_workflow(limit: int, branch: str | None = None) -> ChosenWorkflow:
    """Return the workflow that the URL names by `workflowgitid`, else `workflow`, with its runs."""
    repo, gitid, name = read_repo(), filters.whole("workflowgitid"), filters.text("workflow")
    key: WorkflowKey | None = gitid
    if gitid is None:
        find = partial(newest_runs.find_workflow, store(), repo.Id)
        name, key = find_named("workflow", find)
    runs = []
    if key is not None:
        runs = newest_runs.list_workflow_runs(store(), repo.Id, key, limit, branch)
    if isinstance(key, int) and gitid is None and len(runs) < limit:
        # Of runs of which jobs alone are known the name is all that is told.
        key, by_id = (key if runs else name.casefold()), len(runs)
        list_named = partial(newest_runs.list_workflow_runs, store(), repo.Id, name.casefold())
        runs += list_named(limit - by_id, branch)
    if not runs or key is None:
        abort(404, f"No run of workflow {name or gitid} of {repo.name} is stored.")
    return ChosenWorkflow(repo, key, names.label_runs(runs[:1])[repo.Id, runs[0].workflow], runs)


def run_page(end: Run | JobEnd) -> str:
    """Return the page of a run, or of a job's run."""
    gitid = end.rungitid if isinstance(end, JobEnd) else end.gitid
    return url_for("run.show", provider=end.provider, gitid=gitid)


def draw_grid_of(runs: Sequence[Run]) -> JobGrid:
    """Return the grid of commits and jobs of runs."""
    return draw_grid(runs, newest_jobs.list_jobs_of(store(), [run.key for run in runs]))


def newest_first(jobs: Iterable[JobEnd]) -> list[JobEnd]:
    """Return jobs by the time they were made, the last first."""
    known = [job for job in jobs if job.createtime is not None]
    return sorted(known, key=lambda job: (job.createtime, job.gitid), reverse=True)


def render_history(
    heading: str, kind: str, ends: Sequence[Run | JobEnd], crumbs: Sequence[tuple[str, str]],
    **more: Any,
) -> str:  # fmt: skip
    """Return the page of what has a history: runs or jobs, newest first."""
    are_jobs = bool(ends) and isinstance(ends[0], JobEnd)
    chart = history_figures.draw_ends(
        [(end, f"{local(end.createtime)}", run_page(end)) for end in ends]
    )
    usual: dict[str, Any] = {"grid": None, "parts": (), "facts": (), "searched": None}
    return render_page(
        "histories.html",
        f"{heading} · {kind if kind in OF_NO_REPOSITORY else crumbs[0][0]}",
        heading=heading,
        kind=kind,
        crumbs=crumbs,
        ends=ends[:LISTED],
        of_jobs=are_jobs,
        figures=history_figures.read_figures(ends),
        chart=chart,
        labels=label_ends(ends[:LISTED]),
        run_page=run_page,
        gone_ids={end.repoid for end in ends},
        **{**usual, **more},
    )


def label_ends(ends: Sequence[Run | JobEnd]) -> dict[Any, str]:
    """Return what to call the workflows of runs; jobs have the name they were told with."""
    return names.label_runs([end for end in ends if isinstance(end, Run)])


def repo_crumb(repo: Repo) -> tuple[str, str]:
    """Return the repository's name and the list of its runs."""
    label = names.repo_label(repo.Id, repo.name)
    return label, query("/runs", **names.repo_filter(repo.Id, repo.name))
