"""What the pages call what is counted by: repositories, workflows, jobs, pools, events."""

from typing import Any

import orjson

from dashboard.view.formats import query
from dashboard.web import links, names
from dashboard.web.filters import whole_name
from dashboard.web.request import store
from store.reads.shown_names import label_workflows
from store.rollups.count_figures import NAMELESS


def label_keys(by: str, keys: list[Any]) -> dict[Any, tuple[str, str]]:
    """Return what to call the lines of the table, and where they lead."""
    called = name_keys(by, keys)
    if by == "event":
        return {key: (name, query("/runs", event=whole_name(key))) for key, name in called.items()}
    if by == "pool":
        return {key: (name, links.pool_page(key)) for key, name in called.items()}
    repos = {repo.Id: repo.name for repo in names.list_repos()}
    if by == "repository":
        return {
            key: (
                name,
                query("/figures", by="workflow", **names.repo_filter(key, repos.get(key, ""))),
            )
            for key, name in called.items()
        }
    return {key: (name, flow_page(key, repos)) for key, name in called.items()}


def name_keys(by: str, keys: list[Any]) -> dict[Any, str]:
    """Return what to call lines alone: a search asks it of all, and few are shown."""
    if by == "event":
        return {key: key for key in keys}
    if by == "pool":
        return {key: pool_name(key) for key in keys}
    repos = {repo.Id: repo.name for repo in names.list_repos()}
    if by == "repository":
        return {key: names.repo_label(key, repos.get(key, "unknown")) for key in keys}
    return name_flows(keys, repos)


def label_flows(keys: list[Any], repos: dict[int, str]) -> dict[Any, tuple[str, str]]:
    """Return what to call workflows, or jobs of workflows, and their pages."""
    called = name_flows(keys, repos)
    return {key: (name, flow_page(key, repos)) for key, name in called.items()}


def name_flows(keys: list[Any], repos: dict[int, str]) -> dict[Any, str]:
    """Return what to call workflows, or jobs of workflows."""
    # Of several names of one workflow that of the last key is meant.
    texts = dict.fromkeys(map(flow_text, reversed(keys)))
    flows = {text: orjson.loads(text) for text in reversed(texts)}
    labels = label_workflows(store(), {(flow[0], flow[1]): flow[2] for flow in flows.values()})
    called = {
        text: f"{names.repo_label(repoid, repos.get(repoid, 'unknown'))} · {labels[repoid, known]}"
        for text, (repoid, known, _) in flows.items()
    }
    return {
        key: f"{key[1]} · {called[key[0]]}" if isinstance(key, tuple) else called[key]
        for key in keys
    }


def flow_text(key: Any) -> str:
    """Return what stands for the workflow of a key, which may be a job's."""
    text: str = key[0] if isinstance(key, tuple) else key
    return text


def flow_page(key: Any, repos: dict[int, str]) -> str:
    """Return the page of a workflow, or of a job of a workflow."""
    repoid, known, called = orjson.loads(flow_text(key))
    repo, gitid = repos.get(repoid, "unknown"), known if isinstance(known, int) else None
    if isinstance(key, tuple):
        job = None if key[1] == NAMELESS else key[1]
        return links.job_page(repoid, repo, gitid, called, job)
    return links.workflow_page(repoid, repo, gitid, called)


def pool_name(pool: str) -> str:
    """Return what to call a pool of runners."""
    group, labels = orjson.loads(pool)
    return f"{', '.join(labels) or 'no labels'}{f' ({group})' if group else ''}"
