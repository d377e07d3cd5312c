"""Pure: a row's cells -> HTML. A page may have thirty thousand, which a template takes long for."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from html import escape

from dashboard.view.formats import first_line
from dashboard.view.night_matrix import MatrixRow, has_text, name_failed
from store.rollups.night_summary import NOTHING, STATES
from store.rollups.nightly_runs import NightCell

NAMED = 4
"""Failures that a cell's title names."""

SHAPES = {state: f'<svg><use href="#{state}"/></svg>' for state in STATES}
EMPTY = f'<span class="cell nothing" role="img" aria-label="nothing ran">{SHAPES[NOTHING]}</span>'


def draw_cells(row: MatrixRow, last: date, labels: Mapping[date, str], text: str) -> str:
    """Return the cells of a row, each with its night's label; those without the text are dim."""
    drawn, number, is_dim = [], str(row.repoid), bool(text)
    for cell in row.cells:
        night, state, runs, _, failures = cell
        if failures:
            shown = draw_failed(row.repoid, cell, labels[night], text)
        elif runs or state != NOTHING:
            shown = number.join(draw_well(night, state, labels[night], is_dim=is_dim))
        else:
            shown = EMPTY
        drawn.append(f'<td class="last">{shown}' if night == last else f"<td>{shown}")
    return "</td>\n".join([*drawn, ""])


@lru_cache(maxsize=1000)
def draw_well(night: date, state: str, label: str, *, is_dim: bool) -> tuple[str, str]:
    """Return what stands before and after the number of a repository in the link to a night."""
    dim = " dim" if is_dim else ""
    link = f'<a class="cell {state}{dim}" href="/nights/'
    return link, f'/{night}" title="{label}: {state}">{SHAPES[state]}</a>'


def draw_failed(repoid: int, cell: NightCell, label: str, text: str) -> str:
    """Return the link to a night in which something failed."""
    dim = " dim" if text and not has_text(cell, text) else ""
    link = f'<a class="cell {cell.state}{dim}" href="/nights/{repoid}/{cell.night}"'
    title = f"{label}: {cell.state}"
    for failure in cell.failures[:NAMED]:
        why = f": {first_line(failure.error, 80)}" if failure.error else ""
        if not why and failure.step:
            why = f" · {first_line(failure.step, 60)}"
        title += f"&#10;{escape(name_failed(failure) + why)}"
    number = len(cell.failures)
    if number > NAMED:
        title += f"&#10;and {number - NAMED} more"
    badge = f'<b aria-hidden="true">{number}</b>' if number > 1 else ""
    return f'{link} title="{title}">{SHAPES[cell.state]}{badge}</a>'
