"""`workflow` objects -> workflows."""

from collections.abc import Mapping
from typing import Any

from rows import Row, fields, version
from rows.github.workflowrun import AT as RUN_AT
from rows.github.workflowrun import ERRANDS
from rows.source_record import Repository

AT = "workflow"


def unlisted_rows(run: Mapping[str, Any], repo: Repository) -> list[Row]:
    """Return the row of a workflow for GitHub's errands, of which a run tells the path alone.

    Whatever else tells of it is newer. Lists may leave it out, and its path tells what it is.
    """
    path, gitid = (fields.text(run, "path", RUN_AT), fields.number(run, "workflow_id", RUN_AT))
    if gitid is None or not (path or "").startswith(ERRANDS):
        return []
    return [workflow_row({"id": gitid, "path": path}, repo)]


def workflow_row(workflow: Mapping[str, Any], repo: Repository) -> Row:
    """Return a workflow's row."""
    state = {
        "name": fields.text(workflow, "name", AT),
        "path": fields.text(workflow, "path", AT),
        "state": fields.text(workflow, "state", AT),
    }
    updated = version.believed(fields.moment(workflow, "updated_at", AT), repo.received)
    return Row(
        "workflows",
        {
            "provider": repo.provider,
            "gitid": fields.key(fields.number, workflow, "id", AT),
            **state,
            "url": fields.text(workflow, "html_url", AT),
            "version": version.timed("workflows", updated, 0, state.values()),
        },
    )
