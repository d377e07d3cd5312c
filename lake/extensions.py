"""Load DuckDB and its extensions from their PyPI packages: no network, nothing in HOME."""

import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

INSTALL = (
    "the lake needs DuckDB: "
    ".venv/bin/python -m pip install --require-hashes -r requirements-lake.txt"
)
OPTIONS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # What a query cannot switch on again: other extensions from elsewhere.
    "allow_community_extensions": "false",
}
PROVEN_BY_PIP = {"allow_unsigned_extensions": "true"}
"""For connections that run no SQL but ours: to prove a file of 35 MB again takes 0.09 s."""


class NotInstalled(Exception):
    """DuckDB or one of its extensions is not there; the text says what to install."""


def open_duckdb(*names: str, **options: Any) -> "DuckDBPyConnection":
    """Return a DuckDB in memory with these extensions. Raises NotInstalled."""
    try:
        duckdb = importlib.import_module("duckdb")
        importlib.import_module("pytz")  # DuckDB hands no TIMESTAMPTZ to Python without it
    except ImportError as error:
        raise NotInstalled(INSTALL) from error
    connection: DuckDBPyConnection = duckdb.connect(config={**OPTIONS, **options})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # stdout and stderr are for sentences
    for name in names:
        connection.execute(f"LOAD '{path_of(name, duckdb.__version__)}'")
    return connection


def path_of(name: str, version: str) -> str:
    """Return the file of an extension, of exactly DuckDB's version. Raises NotInstalled."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    if spec is None or not spec.submodule_search_locations:
        raise NotInstalled(INSTALL)
    folder = spec.submodule_search_locations[0]
    path = f"{folder}/extensions/v{version}/{name}.duckdb_extension"
    if not Path(path).exists():
        raise NotInstalled(f"{INSTALL} (its extension {name} is of another version than {version})")
    return path.replace("'", "''")


def is_of_duckdb(error: BaseException) -> bool:
    """Tell whether DuckDB raised it, which may not be installed."""
    return type(error).__module__.partition(".")[0] in ("duckdb", "_duckdb")
