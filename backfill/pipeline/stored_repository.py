"""A repository's own row, which every other row of it refers to."""

from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from engines import reading
from store.doors.api import Read
from store.reads import for_backfill
from store.write.repositories import key_of


def store_repository(
    context: Context, read: Read, today: str, *, archived: bool
) -> tuple[int, str]:
    """Store what was read of a repository; return its repos.Id and its provider.

    `today`: its full name; that it is archived is said. Raises ApiError when its row is not there.
    """
    context.writer.put([read])
    context.writer.flush()
    provider, gitid = key_of(read.mapped)
    with reading(context.engine).connect() as connection:
        repoid = for_backfill.find_repository_id(connection, provider, gitid)
    if repoid is None:
        raise ApiError("its row was not stored")
    if archived:
        context.reporter.say(f"{today} is archived: nothing new will come")
    return repoid, provider
