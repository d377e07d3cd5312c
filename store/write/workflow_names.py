"""Give runs the stored name of their workflow where the payload does not say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from rows import StoredName
from schema.tables.ci import workflows

Values = dict[str, Any]


def resolve_names(connection: Connection, runs: Iterable[Values]) -> None:
    """Replace workflow names that a payload does not give by the stored ones."""
    nameless = [values for values in runs if isinstance(values.get("workflowname"), StoredName)]
    if not nameless:
        return
    gitids = {values["workflowname"].workflowgitid for values in nameless}
    query = select(workflows.c.provider, workflows.c.gitid, workflows.c.name)
    names = {
        (provider, gitid): name
        for provider, gitid, name in connection.execute(query.where(workflows.c.gitid.in_(gitids)))
    }
    for values in nameless:
        gitid, otherwise = values["workflowname"]
        values["workflowname"] = names.get((values["provider"], gitid)) or otherwise
