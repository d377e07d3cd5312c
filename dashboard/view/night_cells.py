"""Pure: a row's cells -> HTML. A page may have thirty thousand, which a template takes long for."""

from collections.abc import Mapping
from datetime import date
from html import escape

from dashboard.view.formats import first_line
from dashboard.view.night_matrix import MatrixRow, NightCell, has_text, name_failed
from store.rollups.night_summary import NOTHING, STATES

NAMED = 4
"""Failures that a cell's title names."""

SHAPES = {state: f'<svg><use href="#{state}"/></svg>' for state in STATES}
EMPTY = f'<span class="cell nothing" role="img" aria-label="nothing ran">{SHAPES[NOTHING]}</span>'


def draw_cells(row: MatrixRow, last: date, labels: Mapping[date, str], text: str) -> str:
    """Return the cells of a row, each with its night's label; those without the text are dim."""
    drawn = []
    for cell in row.cells:
        shown = EMPTY
        if cell.runs or cell.state != NOTHING:
            shown = draw_cell(row.repoid, cell, labels[cell.night], text)
        drawn.append(f'<td class="last">{shown}' if cell.night == last else f"<td>{shown}")
    return "</td>\n".join([*drawn, ""])


def draw_cell(repoid: int, cell: NightCell, label: str, text: str) -> str:
    """Return the link to a night."""
    dim = " dim" if text and not has_text(cell, text) else ""
    link = f'<a class="cell {cell.state}{dim}" href="/nights/{repoid}/{cell.night}"'
    title = f"{label}: {cell.state}"
    if not cell.failures:
        return f'{link} title="{title}">{SHAPES[cell.state]}</a>'
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
