"""`python3 lake.py`: sync the lake with the store, ask it, prove it, keep it small."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from config.argv import hide_secrets
from config.command_line import LAYERS, CommandLine, read_settings
from config.lake_place import LakeSettings, read_lake
from config.settings import BadSetting, Settings
from engines import faults
from lake import maintain, query
from lake.catalog import NoLake, open_lake, require_file
from lake.command_words import FORMS, refuse_others
from lake.extensions import NotInstalled, ended_with_its_folder, is_interrupt, is_of_duckdb
from lake.one_writer import Busy, held
from lake.proof import compare
from lake.publish import CannotPublish, publish_and_tell, read_target
from lake.read_only import ReadOnly, open_reader
from lake.site.build import CannotWrite, build_and_tell
from lake.sync import OtherStore, Store, sync_all
from lake.why_failed import why_failed
from rows.counted import counted
from rows.one_line import one_line
from runtime.ended_by_a_signal import ended_by_a_signal
from store.open import COPY, WORK, CannotStart, opened, opened_existing, schema

DONE, FAILED, BAD_SETTINGS, STOPPED = 0, 1, 2, 130
STOPPED_IN_WORDS = "stopped; the same command goes on where it was"
PAUSE_SECONDS = 60.0  # between two syncs of --daemon


class Command(NamedTuple):
    """What a word after lake.py does: with the settings, the lake's and the flags, an exit code."""

    run: Callable[[Settings, LakeSettings, Mapping[str, Any]], int]
    help: str


def command_line() -> CommandLine:
    """Return the parser of the flags."""
    words = "\n".join(f"  {name:<10}{command.help}" for name, command in COMMANDS.items())
    parser = CommandLine(
        "lake.py",
        "Keep years of CI in a DuckLake, and ask it.",
        f"commands:\n{words}\n\n{LAYERS}.\nLAKE_CATALOG and LAKE_DATA say where it is "
        "(docs/lake.md).",
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="see below")
    parser.add_argument("argument", nargs="?", metavar="SQL|PLACE", help="of some: what, or where")
    parser.add_argument("--full", action="store_true", help="compare everything, not the changes")
    parser.add_argument("--daemon", action="store_true", help="sync again every minute")
    parser.add_argument("--csv", action="store_true", help="answer as CSV")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    sheet = "answer as CSV that a spreadsheet does not run"
    parser.add_argument("--spreadsheet", action="store_true", help=sheet)
    parser.add_argument("--at", metavar="TIME", help="what was known then: 2026-11-23 09:00+01:00")
    parser.add_argument("--url", metavar="URL", help="of publish: where the files will be served")
    parser.add_password()
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the words say: 0 done, 1 failed or different, 2 change something first."""
    lake: LakeSettings | None = None
    try:
        given = command_line().read(argv)
        refuse_others(given)
        settings = read_settings({"database_password": given["database_password"]})
        lake = read_lake()
        hide_secrets(lake.secrets)
        with nullcontext() if given["daemon"] else ended_with_its_folder(STOPPED):
            return COMMANDS[given["command"]].run(settings, lake, given)
    except (BadSetting, NotInstalled, NoLake, query.BadQuery, CannotPublish, CannotWrite) as error:
        return say(str(error), BAD_SETTINGS)
    except CannotStart as error:
        return say(str(error), error.code)
    except BrokenPipeError:  # of `| head`, which has what it wants
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return say(STOPPED_IN_WORDS, STOPPED)
    except Exception as error:
        if is_interrupt(error):
            return say(STOPPED_IN_WORDS, STOPPED)
        if (told := sentence_of(error, lake)) is None:
            raise
        return say(told, FAILED)


def sentence_of(error: Exception, lake: LakeSettings | None) -> str | None:
    """Return what is said of an error that is no mistake of ours."""
    if isinstance(error, Busy | OtherStore | ReadOnly):
        return str(error)
    if isinstance(error, SQLAlchemyError):
        return f"the database failed: {faults.cause(error)}"
    if isinstance(error, OSError):
        why = error.strerror or str(error) or type(error).__name__
        return f"{error.filename} cannot be used: {why}" if error.filename else why
    return why_failed(error, lake) if lake and is_of_duckdb(error) else None


def say(line: str, code: int) -> int:
    """Print a sentence for people on stderr, and return the exit code."""
    print(one_line(f"lake.py: {line}"), file=sys.stderr, flush=True)
    return code


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """Give the store, with its schema as it must be. Raises CannotStart."""
    with opened_existing(settings, WORK, "there is nothing that a lake could follow") as writer:
        schema(writer, settings, install=False)
        with opened(settings, COPY) as reader:
            yield Store(writer, reader)


def run_sync(settings: Settings, place: LakeSettings, given: Mapping[str, Any]) -> int:
    """Sync once, or again and again until a signal ends it, with maintenance once a night."""
    stop = threading.Event()
    kept = maintain.night_of(datetime.now(UTC))
    if given["daemon"]:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    with opened_store(settings) as store:
        while True:
            try:
                sync_once(store, place, full=given["full"])
                given = {**given, "full": False}
                if given["daemon"] and (night := maintain.night_of(datetime.now(UTC))) > kept:
                    keep_small(store, place)
                    kept = night
            except Exception as error:
                told = sentence_of(error, place)
                if not given["daemon"] or told is None or isinstance(error, OtherStore):
                    raise
                say(told, FAILED)
            if not given["daemon"] or stop.wait(PAUSE_SECONDS):
                return DONE


def sync_once(store: Store, place: LakeSettings, *, full: bool) -> None:
    """Sync under the lease, and say what was done. Raises Busy."""
    with held(store), closing(open_lake(place, make=True)) as lake:
        report = sync_all(store, lake, full=full)
    written, gone = report.changed
    print(f"{report.mode} sync: {counted(written, 'row')} written, {gone:,} gone", flush=True)


def run_query(settings: Settings, place: LakeSettings, given: Mapping[str, Any]) -> int:
    """Print what a statement answers. Raises BadSetting, ReadOnly."""
    if not (given["argument"] or "").strip():
        raise BadSetting("SQL", 'is missing: lake.py query "SELECT count(*) FROM workflowruns"')
    try:
        moment = None if given["at"] is None else query.read_moment(given["at"])
    except query.BadMoment as error:
        raise BadSetting("--at", str(error)) from error
    form = next((name for name in FORMS if given[name]), "table")
    with open_reader(place, moment) as lake, ended_by_a_signal(lake.interrupt):
        query.ask(lake, given["argument"], form, place.secrets)
    return DONE


def run_status(settings: Settings, place: LakeSettings, given: Mapping[str, Any]) -> int:
    """Print the last syncs, and what the lake is made of."""
    with closing(open_lake(place)) as lake:
        query.ask(
            lake,
            "SELECT number, strftime(synctime, '%Y-%m-%d %H:%M:%S') AS \"synctime (UTC)\", mode,"
            " written, gone FROM syncs ORDER BY number DESC LIMIT 5",
            "table",
        )
        files = counted(maintain.count_files(lake), "file")
        print(f"{files}, {counted(len(maintain.list_snapshots(lake)), 'snapshot')}")
    return DONE


def run_check(settings: Settings, place: LakeSettings, given: Mapping[str, Any]) -> int:
    """Compare every column of every row; 1 where something differs."""
    with opened_store(settings) as store, held(store), closing(open_lake(place)) as lake:
        total, different = compare(store, lake)
    for difference in different:
        print(one_line(f"DIFFERENT {difference}"))
    if different:
        return say("the lake is not the store: lake.py sync, or lake.py sync --full", FAILED)
    print(f"ok: {counted(total, 'row is', 'rows are')} the same in store and lake, every column")
    return DONE


def run_maintain(settings: Settings, place: LakeSettings, given: Mapping[str, Any]) -> int:
    """Merge files and let old snapshots go, after a copy of a catalog that is a file."""
    with opened_store(settings) as store:
        keep_small(store, place)
    return DONE


def keep_small(store: Store, place: LakeSettings) -> None:
    """Maintain, under the lease of the syncs."""
    with held(store):
        require_file(place)
        maintain.back_up(place)
        with closing(open_lake(place, write=True)) as lake:
            done = maintain.maintain(lake)
    # Rows that stood in the catalog are in files now, so that there may be more of them.
    let_go = f"{counted(done.snapshots, 'snapshot')} let go"
    print(f"{counted(done.files, 'file')}, {done.files_before} before; {let_go}", flush=True)


def run_publish(settings: Settings, place: LakeSettings, given: Mapping[str, Any]) -> int:
    """Write a frozen lake, and print what attaches it. Raises CannotPublish."""
    target = read_target(given["argument"], given["url"])
    with opened_store(settings) as store, held(store):
        print(publish_and_tell(place, target, given["url"]))
    return DONE


def run_site(settings: Settings, place: LakeSettings, given: Mapping[str, Any]) -> int:
    """Write the site. Raises CannotWrite."""
    with closing(open_lake(place)) as lake:
        print(build_and_tell(lake, given["argument"]))
    return DONE


def run_attach(settings: Settings, place: LakeSettings, given: Mapping[str, Any]) -> int:
    """Print what attaches the lake elsewhere. Raises NoLake."""
    require_file(place)
    print(query.attach_lines(place))
    return DONE


COMMANDS: Mapping[str, Command] = {
    "sync": Command(run_sync, "bring the lake to what the store has"),
    "query": Command(
        run_query, 'ask: lake.py query "SELECT ..." [--csv | --json | --spreadsheet] [--at TIME]'
    ),
    "status": Command(run_status, "show the last syncs"),
    "maintain": Command(run_maintain, "merge small files, let old snapshots go: once a night"),
    "check": Command(run_check, "prove that the lake has what the store has"),
    "site": Command(run_site, "write pages that open from a folder: lake.py site DIR"),
    "publish": Command(run_publish, "freeze it for others: lake.py publish DIR, or s3://..."),
    "attach": Command(run_attach, "print what attaches the lake in DuckDB's shell and in Python"),
}
