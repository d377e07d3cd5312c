"""Write the site, as a whole or not at all."""

import ctypes
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from lake.site.cells import Cells, count_cells
from lake.site.lists import list_errors, list_flakes, list_history, list_main, read_state
from lake.site.pages import draw_pages
from lake.site.shown_figures import figures_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HERE = Path(__file__).resolve().parent
STYLES = HERE.parent.parent / "dashboard" / "static"
COPIED = (
    *(STYLES / name for name in ("base.css", "pages.css", "icon.svg")),
    HERE / "static" / "site.css",
    HERE / "static" / "site.js",
)
MARK = "runledger-site.txt"
"""Says that a folder is a site of ours, which may be replaced."""
EXCHANGE, CURRENT_FOLDER = 2, -100
"""https://man7.org/linux/man-pages/man2/rename.2.html"""


class CannotWrite(Exception):
    """Why no site was written, in one line."""


def build(lake: "DuckDBPyConnection", folder: Path) -> int:
    """Write the site of the lake, in place of an earlier one; return how many bytes it has.

    Raises CannotWrite, duckdb.Error, OSError.
    """
    folder = folder.absolute()
    refuse_other(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, text in files_of(lake).items():
            (made / name).write_text(text, "utf-8")
        for file in COPIED:
            shutil.copyfile(file, made / file.name)
        size = sum(file.stat().st_size for file in made.iterdir())
        made.chmod(0o755)
        put_in_place(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return size


def build_and_tell(lake: "DuckDBPyConnection", text: str | None) -> str:
    """Write the site into the folder that is named; return what people are told.

    Raises CannotWrite, duckdb.Error.
    """
    if not text:
        raise CannotWrite("site needs a folder: lake.py site DIR")
    try:
        size = build(lake, Path(text))
    except OSError as error:
        raise CannotWrite(f"{text} cannot be written: {error.strerror}") from error
    return f"{text}/index.html and {size / 1_000_000:,.1f} MB in all"


def refuse_other(folder: Path) -> None:
    """Raise CannotWrite where something else is than a site of ours."""
    if folder.exists() and not folder.is_dir():
        raise CannotWrite(f"{folder} is a file")
    if folder.is_symlink():
        raise CannotWrite(f"{folder} is a link: name the folder that it leads to")
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise CannotWrite(f"{folder} is not empty, and no site of the lake")


def files_of(lake: "DuckDBPyConnection") -> Mapping[str, str]:
    """Return the texts of the files by their names."""
    state = read_state(lake)
    cells = count_cells(lake, state.last) if state.last else None
    pages = draw_pages(
        state,
        list_main(lake),
        list_errors(lake, state.last) if state.last else [],
        list_flakes(lake, state.last) if state.last else [],
        list_history(lake, state),
        cells,
        figures_of(cells) if cells else None,
    )
    mark = "Made by lake.py site; the next one takes its place.\n"
    return {**pages, "cells.js": script_of(cells), MARK: mark}


def script_of(cells: Cells | None) -> str:
    """Return the cells as a script: browsers let no page in a folder read a JSON file."""
    # Of ASCII alone, so that nothing in a name can end the text or the line.
    return f"globalThis.cells = {json.dumps(cells and cells._asdict(), separators=(',', ':'))};\n"


def put_in_place(made: Path, folder: Path) -> None:
    """Put a folder in another's place, so that its name always leads to a whole one."""
    if not folder.exists():
        made.rename(folder)
    elif not exchange(made, folder):
        made.rename(former := made.with_name(f"{made.name}.new"))
        folder.rename(made)
        former.rename(folder)


def exchange(made: Path, folder: Path) -> bool:
    """Exchange two folders in one step; tell whether this system can."""
    rename: Any = getattr(ctypes.CDLL(None), "renameat2", None)
    paths = (os.fsencode(made), os.fsencode(folder))
    return bool(rename) and not rename(CURRENT_FOLDER, paths[0], CURRENT_FOLDER, paths[1], EXCHANGE)
