"""A page that fails is put together of smaller ones: the same items, the same page after it."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from backfill.github.api_access import RULES
from backfill.http.client import ApiAnswer, Client
from backfill.http.errors import ApiError
from backfill.http.pagination import fetch_pages, know_nothing
from backfill.http.smaller_pages import get_page


class LongList(Client):
    """A list of `total` items that answers 502 to more than `most` at a time."""

    def __init__(self, total: int, most: int, key: str | None = None) -> None:
        self.total, self.most, self.key = total, most, key
        self.sizes = list[int]()
        self.rules = RULES

    def get(self, path: str, etag: str | None = None, tries: int = 8) -> ApiAnswer:
        query = dict(parse_qsl(urlsplit(path).query))
        size, number = int(query.get("per_page", 30)), int(query.get("page", 1))
        self.sizes.append(size)
        if size > self.most:
            raise ApiError("answers 502", 502)
        items = list(range(self.total))[(number - 1) * size : number * size]
        more = f"/list?per_page={size}&page={number + 1}" if number * size < self.total else None
        body = items if self.key is None else {"total_count": self.total, self.key: items}
        return ApiAnswer(body, '"e"', more, 1, False)


@pytest.mark.parametrize("most", [100, 30, 10])
@pytest.mark.parametrize("total", [0, 1, 88, 99, 100, 101, 115, 120, 200, 201, 350])
def test_list_is_whole_whatever_size_of_page_is_answered(total: int, most: int):
    client = LongList(total, most, "jobs")
    pages = list(read(client, "/list?filter=all&per_page=100"))
    assert [item for page in pages for item in page["jobs"]] == list(range(total))
    assert [len(page["jobs"]) for page in pages[:-1]] == [100] * (len(pages) - 1)


def read(client: Client, path: str) -> Iterator[dict]:
    return (page.body for page in fetch_pages(client, path, know_nothing))


def test_page_that_answers_no_size_fails_after_all_were_asked_for():
    client = LongList(50, 9)
    with pytest.raises(ApiError, match="answers 502"):
        get_page(client, "/list?per_page=100")
    assert client.sizes == [100, 30, 10]


def test_list_without_a_wanted_size_is_asked_for_as_it_is():
    client = LongList(50, 0)
    with pytest.raises(ApiError):
        get_page(client, "/list?per_page=1")
    assert client.sizes == [1]


def test_times_of_a_window_stay_as_they_are():
    asked = list[str]()

    class Window(LongList):
        def get(self, path: str, etag: str | None = None, tries: int = 8) -> ApiAnswer:
            asked.append(path)
            return super().get(path, etag, tries)

    get_page(Window(5, 30), "/runs?created=*..2026-03-02T12:00:00Z&per_page=100")
    assert asked[-1] == "/runs?created=*..2026-03-02T12:00:00Z&per_page=30&page=1"
