"""What people read of repositories and workflows: a name, and what tells it apart where it must.

An id is what they are. Two may have one name: then the file's path follows it, the server's host,
or until when an earlier repository had the name (docs/decisions/0020).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from engines.chunks import chunks
from rows.sources import host_of
from rows.words import WorkflowKey
from schema.tables.ci import repoaliases, repos, workflowruns, workflows

DELETED = "deleted"
WorkflowNames = Mapping[tuple[int, WorkflowKey], str]
"""What workflows are called, by repos.Id and what tells them apart."""


class SharedName(NamedTuple):
    """A repository whose full name another one has too; `is_today` unless it lost the name."""

    repoid: int
    provider: str
    gitid: int
    name: str
    lastseen: datetime | None
    is_today: bool = True
    label: str = ""


def list_shared_names(connection: Connection) -> dict[int, SharedName]:
    """Return the repositories whose name today is not theirs alone, by repos.Id."""
    repo = repos.c
    shared = select(repo.name).where(repo.name.is_not(None)).group_by(repo.name)
    names = connection.scalars(shared.having(func.count() > 1)).all()
    query = select(repo.Id, repo.provider, repo.gitid, repo.name).where(repo.gitid.is_not(None))
    rows = [
        row
        for part in chunks(names)
        for row in connection.execute(query.where(repo.name.in_(part)))
    ]
    seen = read_last_seen(connection, [row.Id for row in rows])
    alike: dict[str, list[SharedName]] = defaultdict(list)
    for row in rows:
        alike[row.name.casefold()].append(SharedName(*row, seen.get(row.Id)))
    return {one.repoid: one for those in alike.values() for one in tell_apart(those)}


def read_last_seen(connection: Connection, repoids: Sequence[int]) -> dict[int, datetime]:
    """Return when something was last heard of repositories."""
    seen: dict[int, datetime] = {}
    alias, run = repoaliases.c, workflowruns.c
    for part in chunks(repoids):
        for repoid, time in (alias.repoid, alias.lastseen), (run.repoid, run.createtime):
            query = select(repoid, func.max(time)).where(repoid.in_(part), time.is_not(None))
            for number, moment in connection.execute(query.group_by(repoid)):
                seen[number] = max(moment, seen.get(number, moment))
    return seen


def tell_apart(alike: Iterable[SharedName]) -> list[SharedName]:
    """Return repositories of one name with labels: each server's newest has it today."""
    servers: dict[str, list[SharedName]] = defaultdict(list)
    for repo in alike:
        servers[repo.provider].append(repo)
    labelled = []
    for provider, siblings in servers.items():
        siblings.sort(key=lambda repo: (repo.lastseen or datetime.min, repo.gitid), reverse=True)
        endings = list_endings(siblings[1:])
        for place, repo in enumerate(siblings):
            words = [host_of(provider)] if len(servers) > 1 else []
            words += [endings[place - 1]] if place else []
            label = f"{repo.name} ({', '.join(words)})" if words else repo.name
            labelled.append(repo._replace(is_today=not place, label=label))
    return labelled


def list_endings(former: Sequence[SharedName]) -> list[str]:
    """Return until when each had the name, as exactly as needed, else its id."""
    for layout in ("until %Y-%m", "until %Y-%m-%d"):
        endings = [repo.lastseen.strftime(layout) for repo in former if repo.lastseen]
        if len(set(endings)) == len(former):
            return endings
    return [f"id {repo.gitid}" for repo in former]


def label_workflows(connection: Connection, shown: WorkflowNames) -> dict[Any, str]:
    """Return what to call workflows; `shown` are their names in the rows that are shown.

    A workflow is called as it is today. Its path follows where another one of the repository is
    called the same, unless that is deleted and not shown.
    """
    names, paths, here = dict(shown), dict[Any, str | None](), set(shown)
    workflow = workflows.c
    query = select(workflow.repoid, workflow.gitid, workflow.name, workflow.path, workflow.state)
    for part in chunks({repoid for repoid, _ in shown}):
        for repoid, gitid, name, path, state in connection.execute(
            query.where(workflow.repoid.in_(part))
        ):
            paths[repoid, gitid] = path
            if name and (state != DELETED or (repoid, gitid) in here):
                names[repoid, gitid] = name
    alike: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for key, name in names.items():
        if isinstance(key[1], int):  # a row without an id may be of any of them
            alike[key[0], name.casefold()].append(paths.get(key))
    labels = {}
    for key in shown:
        name, path = names[key], paths.get(key)
        rivals = alike.get((key[0], name.casefold()), [])
        if len(rivals) < 2 or key[1] == name.casefold():
            labels[key] = name
        else:
            is_telling = path and path != name and rivals.count(path) == 1
            labels[key] = f"{name} ({path if is_telling else f'workflow {key[1]}'})"
    return labels
