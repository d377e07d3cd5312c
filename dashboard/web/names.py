"""What the pages call repositories and workflows, and links that mean exactly one of them."""

from collections.abc import Iterable
from typing import Any

from flask import abort, g, redirect, request

from dashboard.view.formats import query
from dashboard.view.night_matrix import MatrixRow
from dashboard.web import filters
from dashboard.web.filters import BadFilter
from dashboard.web.request import store
from store.reads import repository_names, runs
from store.reads.runs import Repo, Run
from store.reads.shown_names import SharedName, label_workflows, list_shared_names
from store.rollups.find_flakes import Flake
from store.rollups.nightly_runs import NightCell

Labels = dict[Any, str]
"""By repos.Id and what the workflow is known by."""


def shared_names() -> dict[int, SharedName]:
    """Return the repositories that share their full name; asked for once in a request."""
    if "shared_names" not in g:
        g.shared_names = list_shared_names(store())
    names: dict[int, SharedName] = g.shared_names
    return names


def list_repos() -> list[Repo]:
    """Return the repositories that have a name, by name; asked for once in a request."""
    if "repos" not in g:
        g.repos = runs.list_repos(store())
    every: list[Repo] = g.repos
    return every


def repo_label(repoid: int, name: str) -> str:
    """Return what to call a repository."""
    shared = shared_names().get(repoid)
    return shared.label if shared else name


def repo_filter(repoid: int, name: str) -> dict[str, object]:
    """Return the filters that choose a repository, for links."""
    shared = shared_names().get(repoid)
    return {"repo": shared.name, "repoid": repoid} if shared else {"repo": name}


def list_variants(path: str, repos: Iterable[Repo]) -> list[tuple[str, str]]:
    """Return the labels of repositories, and the page of each."""
    return [
        (repo_label(repo.Id, repo.name), query(path, **repo_filter(repo.Id, repo.name)))
        for repo in repos
    ]


def list_namesakes(*repoids: int | None) -> list[SharedName]:
    """Return the other repositories that have, or had, the full name of one; of several all."""
    first, shared = repoids[0] if repoids else None, shared_names()
    if first is None or first not in shared:
        return []
    name = shared[first].name.casefold()
    alike = [one for one in shared.values() if one.name.casefold() == name]
    wanted = [repo for repo in alike if len(repoids) > 1 or repo.repoid != first]
    return sorted(wanted, key=lambda repo: repo.label)


def read_repo() -> int | None:
    """Return the Id of the repository that the URL chooses, None for all. Raises BadFilter.

    `repoid` tells those of one name apart; beside another name, typed over it, it says nothing.
    """
    name, repoid = filters.text("repo"), filters.whole("repoid")
    if repoid is not None:
        called = repository_names.list_names(store(), repoid)
        if not called:
            raise BadFilter(f"No stored repository has the number {repoid}.")
        if not name or name.lower() in called:
            return repoid
    if not name:
        return None
    repo = runs.find_repo(store(), name)
    if repo is None:
        raise BadFilter(f"No stored repository is or was called {name}.")
    return repo.Id


def find_part() -> tuple[int, ...] | None:
    """Return the repositories of whose names the URL gives a part; None where it gives no part.

    In "quotes" a name is meant whole. Raises BadFilter: none has it.
    """
    name = filters.text("repo")
    if not name or filters.whole("repoid") is not None or runs.find_repo(store(), name) is not None:
        return None
    every = list_repos()
    fits = set(filters.fitting(name, {one.name for one in every}))
    if not fits:
        raise BadFilter(f"No stored repository is or was called {name}.")
    return tuple(one.Id for one in every if one.name in fits)


def read_one_repo() -> int | None:
    """Return the repository that the URL chooses, None for all; a part of its name leads to it.

    Of several that have the part those count that have runs, which forks of proposals have not.
    Raises BadFilter, which lists them.
    """
    part = find_part()
    if part is None:
        return read_repo()
    wanted = set(repository_names.list_with_runs(store(), part) or part)
    called = sorted({one.name for one in list_repos() if one.Id in wanted})
    name = filters.only_one("repo", filters.text("repo"), called)
    # To its own address, which says whose figures these are.
    abort(redirect(query(request.path, **{**request.args.to_dict(), "repo": name})))


def read_repo_or_part() -> tuple[int, ...] | None:
    """Return the repository that the URL chooses, or all that have a part; None for any.

    Raises BadFilter.
    """
    part = find_part()
    if part is not None:
        return part
    repoid = read_repo()
    return None if repoid is None else (repoid,)


def read_repos() -> tuple[int, ...]:
    """Return the repositories that the URL chooses for a list, none for all. Raises BadFilter.

    A name alone chooses each server's that is called so today; a part of one all that have it.
    """
    part = find_part()
    if part is not None:
        return part
    repoid, name = read_repo(), filters.text("repo").casefold()
    if repoid is None:
        return ()
    alike = list_namesakes(repoid)
    if repoid == filters.whole("repoid") or not alike or alike[0].name.casefold() != name:
        return (repoid,)
    own = shared_names()[repoid].provider
    return (repoid, *(one.repoid for one in alike if one.is_today and one.provider != own))


def label_runs(shown: Iterable[Run]) -> Labels:
    """Return what to call the workflows of runs, the newest first."""
    names = {(run.repoid, run.workflow): run.called for run in reversed([*shown])}
    return label_workflows(store(), names)


def label_flakes(flakes: Iterable[Flake]) -> Labels:
    """Return what to call the workflows of flaky jobs."""
    names = {(flake.repoid, flake.workflow): flake.workflowname or "" for flake in flakes}
    return label_workflows(store(), names)


def label_rows(rows: Iterable[MatrixRow]) -> list[MatrixRow]:
    """Return rows with the labels of their repositories and failures for names."""
    rows = list(rows)
    names: dict[Any, str] = {}
    for row in rows:
        if any(cell.failures for cell in row.cells):
            before = None
            for cell in reversed(row.cells):  # from the oldest: the newest name counts
                if cell.ran is not before:  # most nights of a row are one object in this
                    names.update({(row.repoid, key): name for key, name in cell.ran.items()})
                before = cell.ran
    labels = label_workflows(store(), names)
    return [
        row._replace(
            repo=repo_label(row.repoid, row.repo),
            cells=tuple(
                label_cell(row.repoid, cell, labels) if cell.failures else cell
                for cell in row.cells
            ),
        )
        for row in rows
    ]


def label_cell(repoid: int, cell: NightCell, labels: Labels) -> NightCell:
    """Return a cell with the labels of its failures' workflows."""
    failures = (
        failure._replace(workflow=labels.get((repoid, failure.workflowkey), failure.workflow))
        for failure in cell.failures
    )
    return cell._replace(failures=tuple(failures))
