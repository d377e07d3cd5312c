"""Which engines a test runs on, its databases, and the line that says what ran.

ENGINES=sqlite,mysql chooses; REQUIRE_ENGINES=sqlite,mariadb,mysql makes an absence a failure.
"""

import contextlib
import logging
import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests import counts, databases, leftovers, servers

hypothesis.settings.register_profile(
    "part", max_examples=25, derandomize=True, deadline=None, print_blob=True
)
hypothesis.settings.register_profile("all", max_examples=500, deadline=None, print_blob=True)
hypothesis.settings.load_profile("all" if counts.ALL else "part")

EXPECT_MILLISECONDS = 30_000
"""For what a page is to show, as for its loading: 5 seconds were too few on a busy machine."""
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
)

# The run's process knows these from the reports, whether it runs the tests or xdist's workers do.
ran: Counter[str] = Counter()
versions: dict[str, str] = {}
left_out: dict[str, str] = {}
without_private: Counter[str] = Counter()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium: CHROMIUM, or the one on PATH; one a process, whichever tests ask for it."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "the pages' tests need Chromium: apt-get install chromium"
    expect.set_options(timeout=EXPECT_MILLISECONDS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield started
        started.close()


@pytest.fixture(params=databases.ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    """Run the test on each engine; narrow it with parametrize(..., indirect=True)."""
    return str(request.param)


@pytest.fixture
def database_url(engine_name: str, tmp_path: Path) -> Iterator[str]:
    """Give a fresh, empty database of the engine."""
    with databases.fresh(engine_name, tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Give the session's one database per engine that has the schema."""
    from schema import migrate

    made: dict[str, str] = {}
    with contextlib.ExitStack() as stack:

        def store(engine: str) -> str:
            if engine not in made:
                directory = tmp_path_factory.mktemp(f"store_{engine}")
                url = stack.enter_context(databases.fresh(engine, directory))
                migrate.upgrade(url)
                made[engine] = url
            return made[engine]

        yield store


@pytest.fixture
def store_url(engine_name: str, stores: Callable[[str], str]) -> str:
    """Give a database with the schema and no rows, shared with earlier tests."""
    url = stores(engine_name)
    clear_store(url)
    return url


def clear_store(url: str) -> None:
    """Delete all rows, for examples within one test: `from tests.conftest import clear_store`."""
    from schema.tables.ci import metadata

    databases.clear(url, metadata)


@pytest.fixture
def private_server(engine_name: str) -> Iterator[Callable[..., servers.Server]]:
    """Start servers of the test's own, to kill, pause or configure: `private_server(*options)`."""
    started: list[servers.Server] = []

    def start(*extra_args: str) -> servers.Server:
        directory = leftovers.session_dir() / f"own{servers.free_port()}"
        server = servers.START[engine_name](directory, servers.free_port(), extra_args)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
        shutil.rmtree(server.dir, ignore_errors=True)


def pytest_configure(config: pytest.Config) -> None:
    """Find the engines, and let SIGTERM end the session as Ctrl-C does: the servers are stopped.

    A shell lets what it starts in the background ignore Ctrl-C, and so would the commands that
    tests start, and stop with it.
    """
    leftovers.use_memory()
    # A page that a browser asks for after its test would be logged into another one's output.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    if not config.option.help:
        find_engines()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    owner = os.getpid()

    def interrupt(number: int, frame: object) -> None:
        if os.getpid() == owner:
            raise KeyboardInterrupt
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, interrupt)


def find_engines() -> None:
    """Note which engines are absent or not chosen; one that is required ends the session."""
    chosen = _names("ENGINES") or set(databases.ENGINES)
    for engine in databases.ENGINES:
        if engine not in chosen:
            left_out[engine] = f"ENGINES={os.environ['ENGINES']}"
        elif reason := databases.why_absent(engine):
            left_out[engine] = reason
    absent = sorted(_names("REQUIRE_ENGINES") & left_out.keys())
    if absent:
        reasons = "; ".join(f"{engine}: {left_out[engine]}" for engine in absent)
        raise pytest.UsageError(f"REQUIRE_ENGINES asks for what is not here: {reasons}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out the long tests, and those of engines that are not here or not chosen; the last line
    names the latter."""
    every = {item.nodeid for item in items}
    kept = [item for item in items if _can_run(item, every)]
    if len(kept) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


def _can_run(item: pytest.Item, every: set[str]) -> bool:
    if not counts.runs(item.nodeid):
        return False
    engine = _engine_of(item)
    if engine is None:
        return True
    if engine in left_out:
        return False
    others = every if "mysql" not in left_out else ()
    if not counts.runs_on(engine, item.nodeid, others):
        return False
    if "private_server" in getattr(item, "fixturenames", ()) and servers.why_absent(engine):
        without_private[engine] += 1
        return False
    return True


def _engine_of(item: pytest.Item) -> str | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("engine_name") if callspec else None


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count the tests that ran on each engine."""
    told = dict(report.user_properties)
    engine = told.get("engine")
    if report.when == "call" and not report.skipped and isinstance(engine, str):
        ran[engine] += 1
        versions[engine] = str(told["version"])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note the engine of a test and its version in its report."""
    if engine := _engine_of(item):
        item.user_properties += [("engine", engine), ("version", databases.version(engine))]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a session that did not run a test of an engine it had to."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["without_private"] = dict(without_private)
        return
    if session.config.option.collectonly:
        return
    if session.exitstatus == pytest.ExitCode.OK and _names("REQUIRE_ENGINES") - ran.keys():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Learn from a worker of xdist, each of which collects all tests, what it left out."""
    for engine, number in getattr(node, "workeroutput", {}).get("without_private", {}).items():
        without_private[engine] = number


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers and print the closing line, after pytest's own summary."""
    leftovers.close_session()
    is_worker = hasattr(config, "workerinput")
    if not (is_worker or config.option.collectonly or config.option.help):
        print(closing_line())


def closing_line() -> str:
    """Name the engines that ran with their versions, and those that did not with the reason."""
    done = [f"{engine} {versions[engine]}" for engine in databases.ENGINES if ran[engine]]
    rest = [
        f"{engine} ({left_out.get(engine, 'no test of it ran')})"
        for engine in databases.ENGINES
        if not ran[engine]
    ]
    rest += [
        f"{engine} servers of a test's own ({number} tests: {servers.why_absent(engine)})"
        for engine, number in without_private.items()
    ]
    return f"engines: ran {', '.join(done) or 'none'}; did not run: {', '.join(rest) or 'none'}"


def _names(variable: str) -> set[str]:
    names = {name.strip() for name in os.environ.get(variable, "").split(",") if name.strip()}
    if unknown := names - set(databases.ENGINES):
        raise pytest.UsageError(f"{variable}: no engine is called {', '.join(sorted(unknown))}")
    return names
