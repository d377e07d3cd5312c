"""A page that is as it was though nobody asked so: a proxy's answer, which tells of no list."""

import pytest

from backfill.http.errors import ApiError
from tests.backfill.http.test_client_bounds import answering


def test_page_that_is_as_it_was_though_nobody_asked_is_no_answer(monkeypatch):
    monkeypatch.setattr("backfill.http.client.SECOND", 0.001)
    with answering(b"", 304, ETag='"x"') as client:
        with pytest.raises(ApiError, match="as it was, which was not asked"):
            client.get("/repos/octo/app/actions/runs", tries=2)
        assert client.get("/repos/octo/app/actions/runs", etag='"x"').body is None
