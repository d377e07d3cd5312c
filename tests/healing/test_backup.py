"""Backups made while the listener runs, and what is restored: by docs/operating.md's commands."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from engines import connect
from fakegithub.server import serve
from schema import migrate
from schema.tables.ci import metadata
from tests import counts
from tests.fakegithub.samples import app_of
from tests.healing.equal import check_equals_world
from tests.healing.test_operating import OLD, audit, codes, hook_of, point
from tests.healing.test_process import APP, recent_world, until
from tests.listener.process import ROOT, Listener, running
from tests.postgresql import server

BROUGHT = ("repos", "branches", "commits", "workflows", "workflowruns", "runattempts", "jobs")
PAGE = (ROOT / "docs/operating.md").read_text()


def documented(what: str, engine: str, url: str) -> str:
    """Return the page's commands with this server, this account and this database in them."""
    (text,) = re.findall(rf"<!-- {what}: {engine} -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
    if engine == "sqlite":
        return text
    address = sa.make_url(url)
    port = "5432" if engine == "postgresql" else "3306"
    names = {"HOST": "127.0.0.1", port: address.port, "ADMIN": address.username}
    names |= {"-p ": "", "shark_dashboard_db": address.database}
    for name, value in names.items():
        text = text.replace(name, str(value))
    return text if has_own_tools() else text.replace("--set-gtid-purged=OFF ", "")


def has_own_tools() -> bool:
    """Say whether mysqldump is MySQL's: Debian's is a link to MariaDB's."""
    version = subprocess.run(["mysqldump", "--version"], capture_output=True, text=True, check=True)
    return "MariaDB" not in version.stdout


def perform(what: str, engine: str, listener: Listener) -> None:
    command = documented(what, engine, listener.url)
    shell = ["bash", "-euo", "pipefail", "-c", command]
    own = server.folder() if engine == "postgresql" else None  # as new as the server
    env = {**os.environ, "PATH": f"{own}:{os.environ['PATH']}"} if own else None
    done = subprocess.run(shell, cwd=listener.folder, capture_output=True, timeout=120, env=env)
    assert (done.returncode, done.stderr) == (0, b""), command


def rows(url: str) -> dict[str, list[str]]:
    """Return the rows of what deliveries bring, as text, in order; the listener counts others."""
    engine = connect(url)
    with engine.connect() as connection:
        tables = {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
            for table in metadata.sorted_tables
            if table.name in ("deliveries", *BROUGHT)
        }
    engine.dispose()
    return tables


@pytest.mark.parametrize("heals", [True, False] if counts.ALL else [True])
def test_database_restored_from_yesterdays_backup_becomes_whole(
    tmp_path: Path, engine_name: str, database_url: str, heals: bool
):
    world = recent_world(days=3, runs=12)
    repo = app_of(world)
    now = int(time.time())
    store = {} if engine_name == "sqlite" else {"DATABASE_URL": database_url}
    if store:
        migrate.upgrade(database_url)
    with serve(world, clock=lambda: now - 2 * 86_400) as github:
        hook = hook_of(github, world, OLD)
        settings = {"GITHUB_API_URL": github.url, **store}
        settings |= {"GITHUB_TOKEN": github.token} if heals else {}
        with running(tmp_path, "-r", APP, secret=OLD, RECONCILE="off", **settings) as listener:
            point(hook, listener)
            github.hooks.send_due(until=github.now())
            perform("backup", engine_name, listener)
            kept = rows(listener.url)
            github.clock = None
            github.hooks.send_due()
            assert codes(hook) == {200}
        assert rows(listener.url) != kept
        perform("restore", engine_name, listener)
        assert rows(listener.url) == kept
        code, found = audit(tmp_path, github, "-r", APP, **store)
        assert (code, found["complete"]) == (1, False)
        with running(tmp_path, "-r", APP, secret=OLD, **settings) as listener:
            engine = connect(listener.url)
            if not heals:
                assert audit(tmp_path, github, "-r", APP, "--repair", **store)[0] == 0
            until(lambda: check_equals_world(engine, world, repo), listener.log)
            engine.dispose()
            code, found = audit(tmp_path, github, "-r", APP, **store)
            assert (code, found["findings"]) == (0, [])
            assert found["stored"] == found["listed"] == len(world.members[("run", repo)])
