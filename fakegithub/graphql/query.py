"""A query as it was written -> its fields, and what it costs. Just what this API is asked.

https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

TOKEN = re.compile(r'\.\.\.|\$?\w+|"[^"]*"|[{}()\[\]:!=]')
MOST_NODES = 500_000


class Field(NamedTuple):
    """A field with its arguments and selection; `type` instead of a name for a fragment's."""

    name: str
    arguments: Mapping[str, Any]
    selection: tuple[Any, ...]
    type: str | None = None


class QueryError(Exception):
    """A query that is refused whole."""


class Cost(NamedTuple):
    """What a query takes: lists asked for, nodes that may come."""

    requests: int
    nodes: int

    @property
    def points(self) -> int:
        """Return the points."""
        return max(1, round(self.requests / 100))


def parse(text: str, variables: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return a query's fields, variables filled in. Raises QueryError."""
    tokens = [*TOKEN.findall(re.sub(r"#.*", "", text))]
    try:
        start = tokens.index("{")
        fields, rest = selection(tokens, start, variables)
    except (IndexError, ValueError, KeyError) as error:
        raise QueryError(f"Parse error on {error}") from error
    if rest != len(tokens):
        raise QueryError("Parse error: there is more than one operation")
    return fields


def selection(
    tokens: Sequence[str], place: int, variables: Mapping[str, Any]
) -> tuple[tuple[Field, ...], int]:
    """Return the fields between braces, the first at `place`, and the place after them."""
    place, fields = place + 1, list[Field]()
    while tokens[place] != "}":
        if tokens[place] == "...":
            kind = tokens[place + 2]
            inner, place = selection(tokens, place + 3, variables)
            fields.append(Field("...", {}, inner, kind))
            continue
        name, place = tokens[place], place + 1
        arguments, inner = dict[str, Any](), tuple[Field, ...]()
        if tokens[place] == "(":
            arguments, place = collect(tokens, place, ")", variables)
        if tokens[place] == "{":
            inner, place = selection(tokens, place, variables)
        fields.append(Field(name, arguments, inner))
    return tuple(fields), place + 1


def collect(
    tokens: Sequence[str], place: int, end: str, variables: Mapping[str, Any]
) -> tuple[dict[str, Any], int]:
    """Return the arguments up to `end`, and the place after them."""
    found, place = dict[str, Any](), place + 1
    while tokens[place] != end:
        name, place = tokens[place], place + 2
        found[name], place = value(tokens, place, variables)
    return found, place + 1


def value(tokens: Sequence[str], place: int, variables: Mapping[str, Any]) -> tuple[Any, int]:
    """Return a value, and the place after it."""
    token = tokens[place]
    if token == "{":
        return collect(tokens, place, "}", variables)
    if token == "[":
        items, place = list[Any](), place + 1
        while tokens[place] != "]":
            item, place = value(tokens, place, variables)
            items.append(item)
        return items, place + 1
    if token.startswith("$"):
        return variables.get(token[1:]), place + 1
    if token.isdecimal():
        return int(token), place + 1
    return {"true": True, "false": False, "null": None}.get(token, token.strip('"')), place + 1


def cost_of(fields: Sequence[Field], parents: int = 1) -> Cost:
    """Return what fields cost that are asked for of so many nodes. Raises QueryError."""
    requests = nodes = 0
    for field in fields:
        below = parents
        if field.name == "nodes" and "ids" in field.arguments:
            below = len(field.arguments["ids"] or ())
            nodes += below
        if (first := field.arguments.get("first")) is not None:
            if not 1 <= first <= 100:
                raise QueryError(f"Requesting {first} records exceeds the `first` limit of 100")
            requests, below = requests + parents, parents * first
            nodes += below
        inner = cost_of(field.selection, below)
        requests, nodes = requests + inner.requests, nodes + inner.nodes
    return Cost(requests, nodes)


def chosen(fields: Sequence[Field], kind: str) -> Iterator[Field]:
    """Yield the fields of a type, those of its fragments, too."""
    for field in fields:
        if field.type is None:
            yield field
        elif field.type == kind:
            yield from chosen(field.selection, kind)
