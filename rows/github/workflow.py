"""`workflow` objects -> workflows."""

from collections.abc import Mapping
from typing import Any

from rows import Row, fields, version
from rows.source_record import Repository

AT = "workflow"


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
