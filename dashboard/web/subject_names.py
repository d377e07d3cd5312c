"""What the pages call what is counted by: repositories, workflows, jobs, pools, events."""

from typing import Any

import orjson

from dashboard.view.formats import query
from dashboard.web import links, names
from dashboard.web.request import store
from store.reads.shown_names import label_workflows


def label_keys(by: str, keys: list[Any]) -> dict[Any, tuple[str, str]]:
    """Return what to call the lines of the table, and where they lead."""
    if by == "event":
        return {key: (key, query("/runs", event=key)) for key in keys}
    if by == "pool":
        return {key: (pool_name(key), links.pool_page(key)) for key in keys}
    repos = {repo.Id: repo.name for repo in names.list_repos()}
    if by == "repository":
        return {
            key: (
                names.repo_label(key, repos.get(key, "unknown")),
                query("/figures", by="workflow", **names.repo_filter(key, repos.get(key, ""))),
            )
            for key in keys
        }
    return label_flows(keys, repos)


def label_flows(keys: list[Any], repos: dict[int, str]) -> dict[Any, tuple[str, str]]:
    """Return what to call workflows, or jobs of workflows, and their pages."""
    flows = {key: orjson.loads(key[0] if isinstance(key, tuple) else key) for key in keys}
    labels = label_workflows(store(), {(flow[0], flow[1]): flow[2] for flow in flows.values()})
    named = {}
    for key, (repoid, known, called) in flows.items():
        repo, gitid = repos.get(repoid, "unknown"), known if isinstance(known, int) else None
        label = f"{names.repo_label(repoid, repo)} · {labels[repoid, known]}"
        if isinstance(key, tuple):
            url = links.job_page(repoid, repo, gitid, called, key[1])
            named[key] = (f"{key[1]} · {label}", url)
        else:
            named[key] = (label, links.workflow_page(repoid, repo, gitid, called))
    return named


def pool_name(pool: str) -> str:
    """Return what to call a pool of runners."""
    group, labels = orjson.loads(pool)
    return f"{', '.join(labels) or 'no labels'}{f' ({group})' if group else ''}"
