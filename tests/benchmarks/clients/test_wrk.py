"""Requests that wrk sends, and what it says of them."""

from pathlib import Path

from benchmarks.clients import wrk


def test_requests_stand_in_a_file_behind_their_lengths(tmp_path: Path):
    wrk.write([b"POST / HTTP/1.1\r\n\r\n", b"two"], tmp_path / "requests")
    written = b"00000019POST / HTTP/1.1\r\n\r\n00000003two"
    assert (tmp_path / "requests").read_bytes() == written


def test_what_wrk_says_is_read():
    said = "Running 2s test\n  2 threads\nwrk: 3000 2000000 0 0 1500 12000\n"
    told = wrk.read(said)
    assert (told.seconds, told.number) == (2.0, 3000)
    assert (told.percentile(0.5), told.percentile(0.99)) == (0.0015, 0.012)
    assert told.is_applied


def test_errors_and_lost_requests_are_no_answers():
    assert not wrk.read("wrk: 10 2000000 1 0 1500 12000").is_applied
    assert not wrk.read("wrk: 10 2000000 0 1 1500 12000").is_applied
    assert wrk.read("wrk: 10 2000000 1 2 5 6").outcome == "1 answered by an error, 2 lost"
