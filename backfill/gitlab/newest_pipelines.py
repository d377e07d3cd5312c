"""How far down lists reach that are not read to their ends: what a forecast looks up beforehand.

An item of a list is found by its place, with pages of one item.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from backfill.gitlab.branches import PER_PAGE
from backfill.gitlab.pipelines import LISTS, time_of
from backfill.http.client import Client
from backfill.pipeline.api_objects import read_named
from backfill.records import Json, ReadRange


def since_of(read_range: ReadRange) -> str:
    """Return what of a list is asked for where `-t` says since when."""
    last = read_range.last_time
    return f"&created_after={last:%Y-%m-%dT%H:%M:%SZ}" if last else ""


def list_from(client: Client, path: str, read_range: ReadRange, source: str, place: int) -> Json:
    """Return a pipeline by its place in a list, newest first. Raises ApiError."""
    query = f"{since_of(read_range)}{source}&order_by=id&sort=desc&page={place}"
    listed = read_named(client.get(f"{path}pipelines?per_page=1{query}").body)[0]
    return listed[0] if listed else {"id": 0}


def count_newest_children(
    client: Client, path: str, read_range: ReadRange, listed: Sequence[int], new: int
) -> int:
    """Return how many of so many newest pipelines another one made. Raises ApiError."""
    usual, children = LISTS
    least, most = max(0, new - listed[0]), min(new, listed[1])
    while least < most:
        middle = (least + most + 1) // 2
        child = list_from(client, path, read_range, children, middle)
        if child["id"] > list_from(client, path, read_range, usual, new - middle + 1)["id"]:
            least = middle
        else:
            most = middle - 1
    return least


def find_oldest(
    client: Client, path: str, read_range: ReadRange, shares: Sequence[int]
) -> datetime | None:
    """Return when the oldest was made of so many newest of each list. Raises ApiError."""
    lasts = [
        list_from(client, path, read_range, source, place)
        for source, place in zip(LISTS, shares, strict=True)
        if place
    ]
    return min(filter(None, (time_of(last, "created_at") for last in lasts)), default=None)


def find_job_page(client: Client, path: str, oldest: datetime, guess: int) -> int:
    """Return the first page of all jobs, newest first, that ends with one made before `oldest`.

    Raises ApiError.
    """
    before, after, page, step = 0, math.inf, guess, 1
    while after - before > 1:
        jobs = read_named(client.get(f"{path}jobs?per_page={PER_PAGE}&page={page}").body)[0]
        made = time_of(jobs[-1], "created_at") if jobs else None
        if made is None or made < oldest:
            after, page = page, page - step
        else:
            before, page = page, page + step
        step *= 2
        if not before < page < after:
            page = (before + int(after)) // 2
    return int(after)
