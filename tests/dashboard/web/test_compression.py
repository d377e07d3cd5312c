"""Pages are sent compressed to who takes that, and unchanged files not at all."""

import gzip

import pytest
from flask.testing import FlaskClient

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
GZIP = {"Accept-Encoding": "br;q=0.9, gzip"}


@pytest.mark.parametrize("path", ["/", "/runs", "/runs?nope=1", "/metrics", "/static/base.css"])
def test_text_is_compressed_and_the_same(client: FlaskClient, path: str):
    plain, packed = client.get(path), client.get(path, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
    if path != "/metrics":  # which counts what was asked
        assert gzip.decompress(packed.data) == plain.data
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "br", ""])
def test_who_does_not_take_gzip_gets_the_text(client: FlaskClient, accepted: str):
    answer = client.get("/runs", headers={"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.data.startswith(b"<!doctype html>")


def test_short_text_is_not_compressed(client: FlaskClient):
    answer = client.get("/runs.csv", headers=GZIP)
    assert "Content-Encoding" not in answer.headers
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("others", [GZIP, {}])
def test_unchanged_file_is_not_sent_again(client: FlaskClient, others: dict[str, str]):
    first = client.get("/static/pages.js", headers=others)
    again = client.get(
        "/static/pages.js", headers={**others, "If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304
    assert again.data == b""
    assert "Accept-Encoding" in again.headers["Vary"]


def test_head_tells_the_length_of_what_get_sends(client: FlaskClient):
    head, got = client.head("/runs", headers=GZIP), client.get("/runs", headers=GZIP)
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    assert head.data == b""


def test_refused_filter_keeps_its_form(client: FlaskClient):
    answer = client.get("/runs?repo=nope&branch=%22main%22")
    assert answer.status_code == 400
    assert 'name="repo" value="nope"' in answer.text
    assert 'action="/runs"' in answer.text
    assert 'href="/flakes"' in answer.text
