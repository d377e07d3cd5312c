"""The dashboards as Grafana reads them: one file for each board and data source."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.grafana.boards import BOARDS
from deploy.grafana.metrics import METRICS, PROMETHEUS
from deploy.grafana.panels import Board, Panel, Place, places
from deploy.grafana.spelling import ANY_REPO, SOURCES, DataSource

FOLDER = Path(__file__).resolve().parent
PAGES = "http://localhost:5001"
"""Where the pages are when nobody says so: DASHBOARD_URL."""
SERIES = {"timeseries"}
COLOURS = {
    **{"success": "green", "failed": "red", "cancelled": "orange", "not_ended": "blue"},
    **{"applied": "green", "quarantined": "red", "ignored": "text"},
}
"""Of columns that mean the same on every dashboard."""
SCHEMA = 39
"""Of Grafana 11's dashboards; a newer Grafana reads it."""
BUCKETS = {"1 hour": 3600, "6 hours": 21600, "1 day": 86400, "1 week": 604800}
REPOSITORIES = "SELECT name FROM repos WHERE name IS NOT NULL ORDER BY name"
OPTIONS: dict[str, dict[str, Any]] = {
    "stat": {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "/.*/", "values": False}},
    "timeseries": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}},
    "barchart": {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}},
    "piechart": {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": True}},
    "table": {"showHeader": True, "cellHeight": "sm"},
}


def dashboard(board: Board, source: DataSource, pages: str = PAGES) -> dict[str, Any]:
    """Return a board as JSON; `pages` is the address of Runledger's own."""
    ref = {"type": source.type, "uid": "${datasource}"}
    placed = zip(board.panels, places(board.panels), strict=True)
    return {
        "uid": f"runledger-{board.name}-{source.name}",
        "title": f"Runledger / {board.title}",
        "description": board.description,
        "tags": ["runledger", source.name],
        "timezone": "utc",
        "schemaVersion": SCHEMA,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "5m",
        "time": {"from": "now-30d", "to": "now"},
        "annotations": {"list": []},
        "links": [
            {
                **{"type": "dashboards", "title": "Runledger", "tags": ["runledger"]},
                **{"asDropdown": True, "includeVars": True, "keepTime": True},
            }
        ],
        "templating": {"list": variables(source, ref, pages)},
        "panels": [
            shown(panel, place, number, source, ref)
            for number, (panel, place) in enumerate(placed, 1)
        ],
    }


def variables(source: DataSource, ref: dict[str, str], pages: str) -> list[dict[str, Any]]:
    """Return what is chosen above a dashboard."""
    chosen = {"text": source.uid, "value": source.uid}
    lengths = ",".join(f"{text} : {seconds}" for text, seconds in BUCKETS.items())
    of_rows: list[dict[str, Any]] = [
        {
            **{"name": "repo", "type": "query", "label": "Repository", "datasource": ref},
            **{"query": REPOSITORIES, "refresh": 1, "sort": 1, "multi": True},
            **{"includeAll": True, "allValue": ANY_REPO},
            "current": {"text": ["All"], "value": ["$__all"]},
        },
        {
            **{"name": "bucket", "type": "custom", "label": "Interval", "query": lengths},
            "current": {"text": "1 day", "value": "86400"},
        },
    ]
    return [
        {
            **{"name": "datasource", "type": "datasource", "label": "Data source"},
            **{"query": source.type, "current": chosen},
        },
        *(of_rows if source is not PROMETHEUS else ()),
        {
            **{"name": "dashboard_url", "type": "textbox", "label": "Pages", "query": pages},
            "current": {"text": pages, "value": pages},
        },
    ]


def shown(
    panel: Panel, place: Place, number: int, source: DataSource, ref: dict[str, str]
) -> dict[str, Any]:
    """Return a panel with its query, place, units and links."""
    query = source.target(panel.sql, is_series=panel.kind in SERIES)
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "gridPos": {"h": panel.height, "w": panel.width, "x": place.x, "y": place.y},
        "datasource": ref,
        "targets": [{"refId": "A", "datasource": ref, **query}],
        "fieldConfig": {
            "defaults": {"unit": panel.unit, **look(panel)},
            "overrides": [
                *(
                    override(name, "color", {"mode": "fixed", "fixedColor": colour})
                    for name, colour in COLOURS.items()
                    if panel.kind in SERIES and f" AS {name}" in panel.sql
                ),
                *(override(name, "unit", unit) for name, unit in panel.units.items()),
                *(override(name, "links", [link(path)]) for name, path in panel.links.items()),
            ],
        },
        "options": OPTIONS[panel.kind],
        "links": [link(panel.page)],
    }


def look(panel: Panel) -> dict[str, Any]:
    """Return how a panel's figures are drawn: counts as bars, what is not good in red."""
    if panel.kind == "stat":
        steps: list[dict[str, Any]] = [{"value": None, "color": "text"}]
        if panel.red_from is not None:
            steps += [{"value": panel.red_from, "color": "red"}]
        mode = {"mode": "thresholds"}
        return {"color": mode, "thresholds": {"mode": "absolute", "steps": steps}, "custom": {}}
    if panel.kind in SERIES and panel.unit == "short" and "time," in panel.sql:
        stacking = {"mode": "normal" if panel.is_stacked else "none", "group": "A"}
        return {"custom": {"drawStyle": "bars", "fillOpacity": 60, "stacking": stacking}}
    return {"custom": {}}


def override(column: str, name: str, value: object) -> dict[str, Any]:
    """Return what holds for one column only."""
    matcher = {"id": "byName", "options": column}
    return {"matcher": matcher, "properties": [{"id": name, "value": value}]}


def link(path: str) -> dict[str, Any]:
    """Return a link to one of Runledger's pages."""
    # The address is what a person wrote: nothing of it is escaped.
    url = f"${{dashboard_url:raw}}{path}"
    return {"title": "In Runledger", "url": url, "targetBlank": True}


def text(value: Mapping[str, Any]) -> str:
    """Return JSON with a panel on a line, so that a change is one line's."""
    panels = ",\n".join(f"  {json.dumps(panel)}" for panel in value["panels"])
    body = json.dumps({**value, "panels": []}, indent=1)
    return body.replace('"panels": []', f'"panels": [\n{panels}\n ]') + "\n"


def files(folder: Path = FOLDER / "dashboards", pages: str = PAGES) -> dict[Path, str]:
    """Return every dashboard with its text, by its file: a folder for each data source."""
    boards = [(board, source) for source in SOURCES.values() for board in BOARDS]
    return {
        folder / source.name / f"{board.name}.json": text(dashboard(board, source, pages))
        for board, source in (*boards, (METRICS, PROMETHEUS))
    }
