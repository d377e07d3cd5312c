"""Load DuckDB and its extensions from their PyPI packages: no network, nothing in HOME."""

import atexit
import importlib
import importlib.util
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.ended_by_a_signal import ended_by_a_signal

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

END_SECONDS = 5.0
"""For the commands themselves to end by a signal."""


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
    # What does not fit into memory goes there: usual is the current folder, where it may stay.
    with suppress(OSError):  # where nothing may be written
        place = scratch_folder() / secrets.token_hex(8)
        connection.execute("SET temp_directory = ?", [str(place)])
    connection.execute("SET enable_progress_bar = false")  # stdout and stderr are for sentences
    for name in names:
        connection.execute(f"LOAD '{path_of(name, duckdb.__version__)}'")
    return connection


@cache
def scratch_folder() -> Path:
    """Return a folder that ends with the process, which nobody else may read."""
    folder = tempfile.mkdtemp(prefix="runledger-lake-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@contextmanager
def ended_with_its_folder(code: int) -> Iterator[None]:
    """Have SIGTERM and Ctrl-C end the process and its folder, after END_SECONDS at the latest.

    DuckDB loses the interrupt now and then. Wherever the process ends nothing is half done.
    """
    is_over = threading.Event()

    def end() -> None:
        if not is_over.wait(END_SECONDS):
            shutil.rmtree(scratch_folder(), ignore_errors=True)
            os._exit(code)

    with ended_by_a_signal(end):
        try:
            yield
        finally:
            is_over.set()


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


def is_interrupt(error: BaseException) -> bool:
    """Tell whether DuckDB was told to stop: it hides Ctrl-C in an error of its own."""
    is_told = is_of_duckdb(error) and type(error).__name__ == "InterruptException"
    return is_told or isinstance(error.__cause__, KeyboardInterrupt)
