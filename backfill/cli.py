"""`python3 local-database.py`: read history, replay deliveries, audit or copy the store."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from backfill.command import audit, delete_repository, history, reasons, replay
from backfill.command.arguments import (
    check_exclusive_flags,
    list_parts,
    parse_delivery_filter,
    parse_read_range,
)
from backfill.command.copy_store import run_copy, secrets_in
from backfill.command.explain import explain
from backfill.command.flags import SETTINGS, command_line
from backfill.http.errors import ApiError
from backfill.http.rate_limit import BudgetSpent
from config.command_line import read_settings
from config.settings import BadSetting, Settings
from engines import faults
from rows import Unmappable
from rows.counted import counted
from rows.one_line import one_line
from runtime.garbage import rare_collections
from store import open
from store.deliveries.spool import SpoolError
from store.deliveries.table import now
from store.open import CannotStart

NOT_ALL, SPENT, STOPPED = 1, 3, 130
AGAIN = "the same command goes on where it was"


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the flags say and return the exit code: 0 done, 1 not all, 2 change something."""
    try:
        with rare_collections():
            return run(command_line().read(argv))
    except BadSetting as error:
        return say(str(error), 2)
    except (CannotStart, ApiError, BudgetSpent) as error:
        return say(*describe_end(error))
    except SpoolError as error:
        return say(f"the spool cannot be read: {error}", NOT_ALL)
    except (SQLAlchemyError, Unmappable) as error:
        return say(f"the database failed: {faults.cause(error)}; {AGAIN}", NOT_ALL)
    except KeyboardInterrupt:
        return say(f"stopped; {AGAIN}", STOPPED)


def describe_end(error: CannotStart | ApiError | BudgetSpent) -> tuple[str, int]:
    """Return what ended the work on a vendor, in a sentence, and the exit code."""
    if isinstance(error, BudgetSpent):
        return f"--max-requests is reached; {AGAIN}", SPENT
    if isinstance(error, CannotStart):
        return str(error), error.code
    return str(error), 2 if error.is_bad_key else NOT_ALL


def do_for_each(settings: Settings, work: Callable[[Settings], int]) -> int:
    """Do the work for each vendor that is named; return the worst exit code.

    What ends it for one is said, and leaves the others be.
    """
    ends = dict[tuple[str, int], None]()
    codes = list[int]()
    with open.opened_if_there(settings, open.WORK) as engine:
        parts = list_parts(settings, engine)
    for part in parts:
        try:
            codes.append(work(part))
        except (CannotStart, ApiError, BudgetSpent) as error:
            ends[describe_end(error)] = None
    return max([*codes, *(say(*end) for end in ends)])


def say(line: str, code: int) -> int:
    """Print a sentence for people on stderr, and return the exit code."""
    print(one_line(f"local-database.py: {line}"), file=sys.stderr, flush=True)
    return code


def run(given: dict[str, Any]) -> int:
    """Check every flag and setting, then do it. Raises BadSetting and CannotStart."""
    check_exclusive_flags(given)
    if given["explain"] is not None:
        return explain(given["explain"], as_json=given["json"])
    settings = read_settings({name: given[name] for name in SETTINGS}, *secrets_in(given))
    if given["copy_to"]:
        return run_copy(settings, given["copy_to"], hold=given["hold"])
    if given["forget"]:
        return run_forget(settings, given["forget"], dry=given["dry_run"])
    if given["replay"]:
        return run_replay(settings, given)
    if given["audit"]:
        request = audit.parse_audit_request(given, settings, now())
        return audit.run_audit(settings, request, install=given["install"])
    if given["reasons"]:
        wanted = reasons.parse_reasons_request(given, settings, now())
        read = partial(reasons.read_reasons, request=wanted, install=given["install"])
        return do_for_each(settings, read)
    read_range = parse_read_range(given, now())
    if given["dry_run"] and given["install"]:
        return show_schema_plan(settings)
    if given["dry_run"]:
        return do_for_each(settings, partial(history.show_plan, read_range=read_range))
    read = partial(history.read_history, read_range=read_range, install=given["install"])
    return do_for_each(settings, read)


def show_schema_plan(settings: Settings) -> int:
    """Print what `-i` would change and how many rows it would keep; asks GitHub nothing."""
    if not open.exists(settings):
        print("there is no database yet: it would be created")
        return 0
    plan = open.planned(settings)
    print("".join(f"{statement};\n" for statement in plan.statements), end="")
    print(f"{counted(len(plan.statements), 'statement')}; every row is kept:")
    for name, number in plan.rows.items():
        print(
            f"{name}: {counted(number, 'row')}"
            + ("" if name in plan.ours else ", left as they are")
        )
    return 0


def run_forget(settings: Settings, name: str, *, dry: bool) -> int:
    """Delete a repository, or say what that would delete."""
    meant = delete_repository.read_repository(name, settings)
    with open.opened_existing(settings, open.WORK, "nothing to forget") as engine:
        if open.age(engine) != "current":
            raise CannotStart("the schema is not up to date: run with -i first")
        return delete_repository.delete_when_confirmed(engine, name, meant, dry=dry)


def run_replay(settings: Settings, given: dict[str, Any]) -> int:
    """Replay stored deliveries."""
    wanted, dry = parse_delivery_filter(given, now()), given["dry_run"]
    with open.opened_existing(settings, open.WORK, "no delivery to replay") as engine:
        if dry and open.age(engine) != "current":
            raise CannotStart("the schema is not up to date: run without --dry-run first")
        if not dry and (done := open.schema(engine, settings, install=given["install"])):
            say(done, 0)
        if dry:
            return replay.show_changes(engine, wanted, settings.repos)
        return replay.run_replay(engine, wanted, settings.repos)
