"""`--explain`: what would be shown for a log in a file, by which rule, and what else was met."""

import json
import sys
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

from config.settings import BadSetting
from rows.log_rules import RULES
from rows.log_rules.rule import RANK_NAMES
from rows.logs.blocks import Reason
from rows.logs.stream import pass_on
from rows.source_record import FailureReader
from rows.sources import reader_of

PIECE = 65_536
STDIN = "-"
PATTERNS = {rule.name: rule.pattern.pattern for rule in RULES}


def explain(path: str, *, as_json: bool) -> int:
    """Print what is said of a log, the rules that spoke, and other candidates; return 0.

    `path`: a file, or `-` for standard input. Raises BadSetting for one that cannot be read.
    """
    try:
        if path == STDIN:
            reader = read_log(sys.stdin.buffer)
        else:
            with open(path, "rb") as file:
                reader = read_log(file)
    except OSError as error:
        raise BadSetting("--explain", f"{path} cannot be read ({error.strerror})") from error
    print("\n".join([json_text(reader)] if as_json else lines_of(reader)))
    return 0


def read_log(file: BinaryIO) -> FailureReader:
    """Return what read a file, whichever vendor's log it is."""
    first = file.read(PIECE)
    reader = reader_of(first)
    pass_on(chain([first], iter(lambda: file.read(PIECE), b"")), [reader])
    return reader


def lines_of(reader: FailureReader) -> Iterator[str]:
    """Yield what people read."""
    reasons = reader.reasons()
    if not reasons:
        yield "nothing in this log says why it failed"
    for number, reason in enumerate(reasons, start=1):
        says = "the step ended with" if reason.message.is_end else "shown"
        yield f"{number}. {says}: {about(reason)}"
        yield from (f"    {line}" for line in reason.message.text.split("\n"))
        if reason.message.path:
            yield f"  at {reason.message.path}, line {reason.message.line or 'unknown'}"
        if reason.rule in PATTERNS:
            yield f"  pattern: {PATTERNS[reason.rule]}"
    others = reader.others()
    if others:
        yield "other candidates:"
    for reason in others:
        first, *more = reason.message.text.split("\n")
        yield f"  {about(reason)}: {first}{' ...' if more else ''}"


def about(reason: Reason) -> str:
    """Return where a message stands and which rule found it."""
    rank = RANK_NAMES[reason.rank]
    return f'line {reason.number}, rule "{reason.rule}", rank {reason.rank} ({rank})'


def json_text(reader: FailureReader) -> str:
    """Return the same for programmes."""
    both = {"shown": reader.reasons(), "others": reader.others()}
    told = {key: [told_of(reason) for reason in reasons] for key, reasons in both.items()}
    return json.dumps(told, ensure_ascii=False, indent=1)


def told_of(reason: Reason) -> dict[str, Any]:
    """Return a message with its rule as JSON has it."""
    return {
        "message": reason.message.text,
        "kind": reason.message.kind,
        "rule": reason.rule,
        "pattern": PATTERNS.get(reason.rule),
        "rank": reason.rank,
        "rankname": RANK_NAMES[reason.rank],
        "logline": reason.number,
        "path": reason.message.path,
        "line": reason.message.line,
        "context": reason.message.context,
    }
