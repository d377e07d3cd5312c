"""Roll-ups are made for whoever may log in: also with a password that a command prints."""

import shlex
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pymysql
import pytest
from sqlalchemy import func, select

from config.calendar import Calendar
from config.settings import read
from engines import connect
from listener.background import rollups
from schema import migrate
from schema.tables.rollups import rollspans
from store.rollups.spans import RollupPlan
from tests.dashboard import stored


class Ended(Exception):
    """Enough was made."""


class Breaker(SimpleNamespace):
    """Closed once; then the thread ends."""

    asked = 0

    @property
    def is_open(self) -> bool:
        self.asked += 1
        if self.asked > 1:
            raise Ended
        return False


@pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
def test_roll_ups_are_made_with_a_password_command(
    engine_name: str, private_server: Callable[..., Any], tmp_path: Path, monkeypatch
):
    server = private_server()
    root = pymysql.connect(host="127.0.0.1", port=server.port, user="root", autocommit=True)
    with closing(root), closing(root.cursor()) as cursor:
        cursor.execute("CREATE DATABASE runs CHARACTER SET utf8mb4")
        for host in ("localhost", "127.0.0.1"):
            cursor.execute(f"CREATE USER app@'{host}' IDENTIFIED BY 'token'")
            cursor.execute(f"GRANT ALL ON runs.* TO app@'{host}'")
    engine = connect(f"{server.url}/runs", tls=False)
    migrate.upgrade(engine)
    repoid = stored.repo(engine)
    stored.run(engine, repoid, datetime.now(UTC).replace(tzinfo=None) - timedelta(days=2))
    command = shlex.join([sys.executable, "-c", "print('token')"])
    environ = {
        "DATABASE_URL": f"mysql+pymysql://app@127.0.0.1:{server.port}/runs",
        "DATABASE_PASSWORD_COMMAND": command,
        "DATABASE_SSL": "off",
    }
    monkeypatch.setattr("listener.background.rollups.time.sleep", lambda _: None)
    settings = read({}, environ, tmp_path)
    plan = RollupPlan(Calendar(settings.night_zone, settings.night_ends))
    with pytest.raises(Ended):
        rollups.work(settings, Breaker(), plan)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(rollspans)) > 0
    engine.dispose()
