"""Worlds that go wrong: what befalls deliveries, the hook, the key and the API, by a seed."""

from collections.abc import Callable
from random import Random

import pytest

from backfill.http.errors import ApiError
from fakegithub.api.access import Token
from fakegithub.api.hooks import Hook
from fakegithub.world.world import Delivery
from tests.healing.installation import Installation

PHASES = 5
FATES = ("never", "lost", "late", "twice")


def mishaps(random: Random, rate: float) -> Callable[[Delivery, Hook], str | None]:
    """Return what befalls each delivery: a share of them meets one of FATES."""
    return lambda delivery, hook: random.choice(FATES) if random.random() < rate else None


def live(here: Installation, seed: int, begin_phase: Callable[[], object] = lambda: None) -> None:
    """Let a world go by while things go wrong, with a cycle now and then; end with all well.

    In each phase the listener may refuse what comes, the hook may be disabled, and the process
    may begin anew; a cycle may meet a key that was revoked.
    """
    random = Random(seed)
    github, world = here.github, here.world
    repo = world.members[("repo", None)][0]
    hook = here.hook(repo)
    begin, end = world.times[0], world.now
    rate = random.choice((0.0, 0.1, 0.5, 1.0))
    mishap = mishaps(random, rate)
    for phase in range(1, PHASES + 1):
        now = begin + (end - begin) * phase // PHASES
        github.clock = lambda now=now: now
        begin_phase()
        here.receiver.is_down = random.random() < 0.2
        hook.active = random.random() < 0.8
        github.hooks.send_due(until=now, mishap=mishap)
        here.receiver.is_down = False
        if random.random() < 0.3:
            here.client.memory.clear()
        if random.random() < 0.4:
            meet(here, revoked=random.random() < 0.3)
    hook.active = True
    github.hooks.send_due(until=end)  # what was late comes now


def meet(here: Installation, *, revoked: bool) -> None:
    """Make a cycle, perhaps with a key that GitHub does not accept."""
    tokens = here.github.tokens
    if not revoked:
        here.heal()
        return
    name = here.github.token
    tokens[name] = Token(revoked=True)
    with pytest.raises(ApiError, match="does not accept the key"):
        here.heal()
    tokens[name] = Token()


def heal_twice(here: Installation) -> None:
    """Make two cycles, a minute apart."""
    end = here.world.now
    here.github.clock = lambda: end + 1
    here.heal(first=True)
    here.github.clock = lambda: end + 62
    here.heal()
    here.github.clock = None
