"""Cells of nights as HTML: what is in a text stays text."""

from datetime import date

from dashboard.view.night_cells import draw_cells
from dashboard.view.night_matrix import MatrixRow
from store.rollups.night_summary import NightFailure
from store.rollups.nightly_runs import NightCell

LAST, BEFORE = date(2026, 3, 10), date(2026, 3, 9)
LABELS = {LAST: "Tue 10 Mar", BEFORE: "Mon 9 Mar"}


def failure(job: str, step: str | None = None, error: str | None = None) -> NightFailure:
    return NightFailure("CI", job, step, None, error, None, 501)


def draw(last: NightCell, text: str = "") -> list[str]:
    before = NightCell(BEFORE, "nothing", 0, {}, ())
    return draw_cells(MatrixRow(7, "octo-org/app", "", (last, before)), LAST, LABELS, text).split(
        "\n"
    )


def test_night_without_runs_leads_nowhere():
    assert draw(NightCell(LAST, "passed", 2, {}, ())) == [
        '<td class="last"><a class="cell passed" href="/nights/7/2026-03-10"'
        ' title="Tue 10 Mar: passed"><svg><use href="#passed"/></svg></a></td>',
        '<td><span class="cell nothing" role="img" aria-label="nothing ran">'
        '<svg><use href="#nothing"/></svg></span></td>',
        "",
    ]
    assert "<a " in draw(NightCell(LAST, "nothing", 1, {}, ()))[0]


def test_title_names_four_failures_and_escapes_them():
    failures = (failure('"><b>', error="a & b\nnot this"), failure("test", step="Run 'it'"))
    (last, *_) = draw(NightCell(LAST, "failed", 2, {}, failures))
    assert 'title="Tue 10 Mar: failed&#10;CI / &quot;&gt;&lt;b&gt;: a &amp; b' in last
    assert '&#10;CI / test · Run &#x27;it&#x27;">' in last
    assert '<b aria-hidden="true">2</b></a></td>' in last
    (last, *_) = draw(NightCell(LAST, "failed", 2, {}, tuple(map(failure, "abcdef"))))
    assert last.count("CI / ") == 4
    assert "&#10;and 2 more" in last
    assert "aria-hidden" not in draw(NightCell(LAST, "failed", 1, {}, (failure("a"),)))[0]


def test_cell_without_the_text_is_dim():
    cell = NightCell(LAST, "failed", 1, {}, (failure("test", error="Timeout"),))
    assert 'class="cell failed"' in draw(cell, "timeout")[0]
    assert 'class="cell failed dim"' in draw(cell, "disk")[0]
    assert 'class="cell failed"' in draw(cell)[0]
