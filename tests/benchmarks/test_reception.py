"""Receiving measured for a choice of ways."""

from benchmarks import reception


def test_ways_without_the_bare_one_are_printed_without_a_ratio(capsys):
    given = ["--engines", "sqlite", "--variants", "rows", "--connections", "4"]
    assert reception.main([*given, "--requests", "20", "--rounds", "1"]) == 0
    (said,) = [line for line in capsys.readouterr().out.splitlines() if "| rows |" in line]
    fields = [field.strip() for field in said.strip("|").split("|")]
    assert fields[:3] == ["sqlite", "4", "rows"]
    assert float(fields[3]) > 0
    assert fields[4] == ""
