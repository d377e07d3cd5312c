"""What a step printed -> why it failed, by rank; what else could be said of it comes after."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from rows.log_rules import rule_of
from rows.log_rules.rule import (
    ANY,
    COUNTED,
    LAST,
    NAMED,
    NOTHING,
    PASSED_ON,
    RAISED,
    SAID,
    VAGUE,
    Rule,
    rule,
)
from rows.logs.block_forms import read_reason
from rows.logs.blocks import Reason
from rows.logs.candidates import candidates
from rows.logs.healed import without_healed
from rows.logs.output import Output
from rows.logs.step_end import step_end

MOST = 10
"""Messages of a job."""
NEAR = 40
"""Lines between a test's name and what it raised."""
PASSED = re.compile(rb"\bPASSED\b(?: \[|\s{0,40}$)")
MARKED = rule(
    "marked by the runner",
    SAID,
    "^" + ANY,
    "It broke",
    more=1,
    within=12,
    after=r"\s{1,12}\"(?:message|detail|error_description)\": \"",
    skip=r"\s{0,12}[\"{]",
)
"""Of an answer in JSON that follows, its message says why."""
MARKED_ON = rule("marked and gone on with", SAID, "^" + ANY, "It broke:", more=3)

WORD = re.compile(r"[^\W\d]\w{2,200}")


class Hit(NamedTuple):
    """A line that a rule matches, and how much that tells at most."""

    place: int
    rank: int
    rule: Rule
    is_marked: bool = False
    """Whether the runner itself calls it an error."""


def find_reasons(
    output: Output, before: Callable[[], Output], *, is_known: bool = True
) -> list[Reason]:
    """Return what says best why a step failed, at most MOST, in order.

    `before`: what was printed before the step, which is looked at where the step is silent.
    `is_known`: whether it is the step that failed; else its end means nothing.
    """
    hits = list(hits_of(output))
    best = best_reasons(output, hits, NAMED)
    if best:
        return best
    others = best_reasons(output, hits, NOTHING - 1)[:1]
    if not is_known:
        return others
    end = step_end(output)
    if end is not None:
        return [end, *(reason for reason in others if reason.rank < VAGUE)]
    return last_reason(before()) or others


def other_reasons(output: Output, chosen: Iterable[Reason]) -> list[Reason]:
    """Return what else a step says, the best rank first: at most MOST of each rank."""
    texts = {reason.message.text for reason in chosen}
    return [
        reason
        for reasons in reasons_by_rank(output, list(hits_of(output)))
        for reason in distinct(reasons)
        if reason.message.text not in texts
    ]


def hits_of(output: Output) -> Iterator[Hit]:
    """Yield the lines that say something, in order."""
    for place in candidates(output.joined):
        if b"PASSED" in output.lines[place] and PASSED.search(output.lines[place]):
            continue  # as the rule says; in a list of tests it is each line
        text = output.text(place)
        matched = rule_of(text)
        marked = output.is_marked(place) and bool(text)
        if matched is None:
            if marked:
                yield Hit(place, SAID, MARKED_ON if text.endswith(":") else MARKED)
        elif matched.rank < NOTHING:
            yield Hit(place, said_rank(matched.rank, is_marked=marked), matched, marked)


def reasons_by_rank(output: Output, hits: Iterable[Hit]) -> Iterator[list[Reason]]:
    """Yield the reasons of each rank, the best rank first, each as the log has them."""
    waiting = defaultdict[int, list[Hit | Reason]](list)
    for hit in hits:
        waiting[hit.rank].append(hit)
    for rank in range(NOTHING):
        reasons = list[Reason]()
        # What was read before stands before the line itself, which would say less.
        waited = sorted(waiting.pop(rank, []), key=lambda it: (it.place, isinstance(it, Hit)))
        for each in waited:
            reason = each if isinstance(each, Reason) else read_hit(output, each)
            if reason is None:
                continue
            if reason.rank > rank:
                waiting[reason.rank].append(reason)
            else:
                reasons.append(reason)
                if len(reasons) > 20 * MOST:
                    break
        if reasons:
            yield reasons


def read_hit(output: Output, hit: Hit) -> Reason | None:
    """Return what a line says; the runner's mark may let it tell more than its rule."""
    reason = read_reason(output, hit.place, hit.rule)
    if reason is None:
        return None
    return reason._replace(rank=said_rank(reason.rank, is_marked=hit.is_marked))


def said_rank(rank: int, *, is_marked: bool) -> int:
    """Return how much a line tells; the runner's mark makes no more of what only passes on."""
    return min(rank, SAID) if is_marked and rank < PASSED_ON else rank


def best_reasons(output: Output, hits: Iterable[Hit], worst: int) -> list[Reason]:
    """Return the reasons of the best rank that is not beyond `worst`, without repetitions."""
    by_rank = reasons_by_rank(output, hits)
    for reasons in by_rank:
        if reasons[0].rank > worst:
            break
        if reasons[0].rank == COUNTED:
            reasons = explained(reasons, next(by_rank, []))
        return distinct(without_healed(output, without_repetitions(reasons)))
    return []


def explained(names: list[Reason], raised: list[Reason]) -> list[Reason]:
    """Return tests that are only named after what was raised beside them, where anything was."""
    if not raised or raised[0].rank != RAISED:
        return names
    beside = [
        reason
        for reason in raised
        if any(name.place - NEAR <= reason.place <= name.place + NEAR for name in names)
    ]
    return [*beside[: MOST // 2], *names]


def without_repetitions(reasons: Sequence[Reason]) -> list[Reason]:
    """Return reasons without lines that sum up what others said in full; the rest comes last."""
    full = [reason for reason in reasons if reason.repeats is None]
    if not full:
        return [*reasons]
    said = {word for one in full for word in WORD.findall(one.message.text.partition("\n")[0])}
    return full + [
        reason
        for reason in reasons
        if reason.repeats and not said & {*WORD.findall(reason.repeats)}
    ]


def distinct(reasons: Iterable[Reason]) -> list[Reason]:
    """Return the reasons without those that were said before, at most MOST."""
    kept = list[Reason]()
    for reason in reasons:
        text = reason.message.text
        if not any(one.message.text.startswith(text) for one in kept):
            kept.append(reason)
        if len(kept) == MOST:
            break
    return kept


def last_reason(output: Output) -> list[Reason]:
    """Return the last thing that what was printed before says, if it is more than a hint."""
    hits = [hit for hit in hits_of(output) if hit.rank < LAST]
    for hit in reversed(hits[-MOST:]):
        reason = read_reason(output, hit.place, hit.rule)
        if reason is not None and reason.rank < LAST:
            return [reason]
    return []
