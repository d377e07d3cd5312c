"""The breaker opens at the first failure, says so once, and closes when a probe succeeds."""

import time

import pymysql
import pytest
from sqlalchemy.exc import OperationalError

from engines import kind_of
from engines.deadline import Late
from listener.intake.circuit_breaker import CircuitBreaker

assert kind_of("mysql://").error is pymysql.Error  # which is known from then on


class Probe:
    """A probe that fails with each error it is given, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    def __call__(self) -> None:
        if self.errors:
            raise self.errors.pop(0)


def failure(code: int) -> OperationalError:
    return OperationalError("", {}, pymysql.OperationalError(code, "why"))


def messages(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str | None]]:
    return [(record.message, record.fields.get("cause")) for record in caplog.records]


@pytest.mark.parametrize("error", [failure(2003), failure(1142), failure(1290), Late("late")])
def test_breaker_opens_at_one_failure_that_others_would_meet_as_well(error: OperationalError):
    breaker = CircuitBreaker(Probe())
    assert not breaker.is_open
    breaker.trip(error)
    assert breaker.is_open


@pytest.mark.parametrize("code", [1205, 1213, 1020])
def test_breaker_stays_closed_when_only_rows_were_locked(code: int):
    breaker = CircuitBreaker(Probe())
    breaker.trip(failure(code))
    assert not breaker.is_open


def test_breaker_says_each_change_once(caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO", "listener")
    refused = failure(2003)
    breaker = CircuitBreaker(Probe(refused, refused, failure(1045), failure(1045)))
    for _ in range(3):
        breaker.trip(refused)
    for _ in range(5):
        breaker.try_once()
    assert not breaker.is_open
    assert messages(caplog) == [
        ("cannot write to the database", "connection: OperationalError: (2003, 'why')"),
        ("cannot write to the database", "access: OperationalError: (1045, 'why')"),
        ("writing to the database again", None),
    ]


def test_breaker_opened_at_the_start_is_silent_until_it_closes(caplog: pytest.LogCaptureFixture):
    caplog.set_level("INFO", "listener")
    breaker = CircuitBreaker(Probe(), "the master said so")
    assert breaker.is_open
    breaker.try_once()
    assert messages(caplog) == [("writing to the database again", None)]


def pauses_of(breaker: CircuitBreaker, number: int) -> list[float]:
    """Return the pauses before the next probes."""
    found = []
    for _ in range(number):
        found.append(breaker.pause)
        breaker.try_once()
    return found


def test_pauses_double_and_stay_short_while_it_may_be_a_failover():
    breaker = CircuitBreaker(Probe(*[failure(2003)] * 6))
    breaker.trip(failure(2003))
    assert pauses_of(breaker, 6) == [1, 2, 4, 5, 5, 5]


def test_pauses_double_up_to_a_minute_and_go_on_after_a_short_calm():
    breaker = CircuitBreaker(Probe(*[failure(2003)] * 8))
    breaker.trip(failure(2003))
    breaker.opened -= 601
    assert pauses_of(breaker, 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    breaker.trip(failure(2003))
    assert breaker.pause == 60  # it was closed for a moment only
    breaker.opened -= 601
    breaker.try_once()
    breaker.closed = time.monotonic() - 61
    breaker.trip(failure(2003))
    assert breaker.pause == 1


def test_thread_probes_until_the_database_is_back_whatever_the_probe_raises():
    probe = Probe(ValueError("a mistake"), failure(2003))
    breaker = CircuitBreaker(probe)
    breaker.pause = 0.01
    breaker.closed = time.monotonic()
    breaker.start()
    breaker.trip(failure(2003))
    until = time.monotonic() + 10
    while breaker.is_open:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert probe.errors == []
