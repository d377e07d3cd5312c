"""An answer's body as what it should be: an object, a count, items that have what names them.

A proxy, a server of one's own or a fault may answer anything. What cannot be read is an ApiError
that says which field it is; an odd item among others is left out and told, once.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from backfill.http.errors import ApiError
from backfill.http.list_body import read_items
from backfill.http.pagination import FetchedPage, Known, fetch_page
from backfill.pipeline.context import Context
from backfill.records import Json, Repository
from rows import Unmappable, fields

Value = TypeVar("Value")
Result = TypeVar("Result")

READERS = {"name": fields.text, "sha": fields.sha, "full_name": fields.text}
"""How what names an item is read; an id is a number."""


def read_field(reader: Callable[..., Value | None], body: Any, key: str, at: str) -> Value:
    """Return a field without which an answer is of no use. Raises ApiError."""
    try:
        return fields.key(reader, read_object(body, at), key, at)
    except Unmappable as error:
        raise ApiError(f"the answer cannot be read: {error}") from error


def read_object(body: Any, at: str) -> Json:
    """Return an answer that is an object; `at` its name. Raises ApiError."""
    if isinstance(body, dict):
        return body
    why = f"{at} wants an object, got {fields.shown(body)}"
    raise ApiError(f"the answer cannot be read: {why}")


def read_named(body: Any, key: str | None = None, name: str = "id") -> tuple[list[Json], int]:
    """Return the items of a page that have what names them, and how many have not.

    They stand under `key`, or are the page itself. Raises ApiError where there is no list.
    """
    listed = read_items(body, key)
    records = [item for item in listed if has_name(item, name)]
    return records, len(listed) - len(records)


def read_told(
    context: Context, what: str, body: Any, key: str | None = None, name: str = "id"
) -> tuple[list[Json], bool]:
    """Return the items of a page, and whether all could be read; tell of those that could not."""
    records, odd = read_named(body, key, name)
    if odd:
        context.reporter.report(f"{what}: {odd} of the listed cannot be read: no {name}")
    return records, not odd


def has_name(item: Any, name: str = "id") -> bool:
    """Tell whether an item has what names it."""
    try:
        return (
            isinstance(item, dict)
            and fields.strict(READERS.get(name, fields.number), item, name, "item") is not None
        )
    except Unmappable:
        return False


def fetch_record(context: Context, path: str, known: Known, **asked: int) -> FetchedPage:
    """Return a page that is one object, by the numbers that were `asked` for: what does not say
    them has them. Raises ApiError, for another object, too, as a proxy may remember it.
    """
    fetched = fetch_page(context.client, path, known)
    if fetched.body is None:
        return fetched
    record = read_object(fetched.body, "record")
    for name, number in asked.items():
        told = record.get(name)
        if type(told) is int and told != number:
            raise ApiError(f"the answer cannot be read: it is of another {name}, {told}")
    return fetched._replace(body={**record, **{k: asked[k] for k in asked if not record.get(k)}})


def ask_for(
    context: Context, repository: Repository, name: str, ask: Callable[[], Result]
) -> tuple[Result | None, bool]:
    """Return what is asked for, and whether it is gone; None for what is or cannot be read."""

    def ask_or_miss() -> tuple[Result | None, bool]:
        try:
            return ask(), False
        except ApiError as problem:
            if not problem.is_gone:
                raise
            return None, True

    home = repository.path.rstrip("/")
    answer = context.due.read(context.client, repository.repoid, name, home, ask_or_miss)
    return answer or (None, False)


def ask_below(context: Context, path: str, ask: Callable[[], Result]) -> Result:
    """Return what is asked for below a path; it is gone only if the path itself is, too.

    Raises ApiError.
    """
    try:
        return ask()
    except ApiError as problem:
        if problem.is_gone:
            context.client.get(path)
            raise ApiError("not found, although what it belongs to is there") from problem
        raise
