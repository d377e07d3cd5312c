"""The lake's views, those of docs/connector.md, and macros; they live in its catalog."""

from hashlib import sha256
from typing import TYPE_CHECKING

from lake.catalog import literal
from schema.tables.main_views import list_newest, select_main
from schema.tables.views import QUERIES, STEPS, STEPS_OF_JOBS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SECONDS = "date_diff('microsecond', starttime, endtime) / 1e6"
DAYS_BEFORE = "({} - INTERVAL '{}' DAY)".format
TIME = "(step->>'{name}')::TIMESTAMPTZ::TIMESTAMP"
TEXT = "step->>'{name}'"
TYPES = {"number": "(step->>'{name}')::BIGINT", "time": TIME}
"""How a field of a list is read; every other one is text."""
MACROS = {
    "p50": ("x", "quantile_cont(x, 0.5)"),
    "p95": ("x", "quantile_cont(x, 0.95)"),
}


def queries() -> dict[str, str]:
    """Return what each view selects, lists first: others are made of them."""
    lists = {}
    for view in (STEPS, STEPS_OF_JOBS):
        fields = ", ".join(
            f'{TYPES.get(kind, TEXT).format(name=name)} AS "{name}"'
            for name, kind in view.fields.items()
        )
        lists[view.name] = (
            f"SELECT {', '.join(view.columns)}, {fields} FROM (SELECT *, unnest(json_extract("
            f"{view.column}, '$[*]')) AS step FROM {view.table} WHERE json_valid({view.column}))"
        )
    texts = {name: text.format(seconds=SECONDS) for name, text in QUERIES.items()}
    newest = list_newest(DAYS_BEFORE, groups_by_steps=True, joins_laterally=False)
    return lists | select_main(newest) | texts


def make_views(connection: "DuckDBPyConnection") -> None:
    """Make views and macros that are missing or of another release: a new one is a snapshot."""
    query = "SELECT view_name, comment FROM duckdb_views() WHERE database_name = 'lake'"
    stored = dict(connection.execute(query).fetchall())
    for name, text in queries().items():
        release = f"made from its definition {sha256(text.encode()).hexdigest()[:12]}"
        if stored.get(name) != release:
            connection.execute(f'CREATE OR REPLACE VIEW "{name}" AS {text}')
            connection.execute(f'COMMENT ON VIEW "{name}" IS {literal(release)}')
    query = (
        "SELECT function_name FROM duckdb_functions() WHERE database_name = 'lake'"
        " AND function_type = 'macro'"
    )
    macros = {name for (name,) in connection.execute(query).fetchall()}
    for name, (parameter, text) in MACROS.items():
        if name not in macros:
            connection.execute(f"CREATE MACRO {name}({parameter}) AS {text}")
