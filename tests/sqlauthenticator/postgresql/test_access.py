"""Every refusal of PostgreSQL's is one clear sentence, without a password in it or around it."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import sqlauthenticator
from sqlauthenticator import connector
from tests import leftovers
from tests.certificates import Authority
from tests.postgresql.server import NOBODY
from tests.sqlauthenticator.test_access import PASSWORD, WRONG, told

pytestmark = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
BUILT_WITH_TLS = Path("/usr/lib/postgresql/15/bin")
OTHER = "0.0.0.0"  # noqa: S104 - this machine, but nothing in the address says so
RULES = """host all root all trust
hostssl all +over_tls all scram-sha-256
host all analyst all scram-sha-256
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that a server reads, with the rules of who may come in."""
    made = leftovers.session_dir() / "connector-postgresql"
    made.mkdir()
    (made / "rules").write_text(RULES)
    yield made
    shutil.rmtree(made)


def refusal(*given: Any, **named: Any) -> str:
    """Return why there is no connection, after a look for passwords in all that tells it."""
    with pytest.raises(sqlite3.OperationalError) as raised:
        connector(*given, **named)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    own = raised.value.__traceback__
    assert "wrong-" not in told(raised.value.with_traceback(own and own.tb_next))
    return str(raised.value)


def test_each_refusal_is_one_sentence(folder: Path, private_server: Any):
    server = private_server("-c", f"hba_file={folder}/rules")
    place = f"127.0.0.1:{server.port}"
    with closing(connector(url=server.url, write=True)) as writer:
        writer.execute("CREATE TABLE hidden (id INTEGER)")
        writer.execute("CREATE TABLE items AS SELECT 1 AS id")
        writer.execute("CREATE ROLE over_tls")
        writer.execute("CREATE ROLE analyst LOGIN PASSWORD ?", (PASSWORD,))
        writer.execute("CREATE ROLE other LOGIN PASSWORD ? IN ROLE over_tls", (PASSWORD,))
        writer.execute("GRANT SELECT ON items TO analyst")
        writer.execute("CREATE DATABASE closed")
        writer.execute("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
    analyst = sa.make_url(server.url).set(username="analyst")
    for wrong in (WRONG, "", None):
        sentence = f"{place} refused analyst: wrong password, or unknown user"
        assert refusal(wrong, url=analyst) == sentence
    missing, closed = analyst.set(database="missing"), analyst.set(database="closed")
    assert refusal(PASSWORD, url=missing) == f"there is no database missing on {place}"
    sentence = f"analyst may not use the database closed on {place}"
    assert refusal(PASSWORD, url=closed) == sentence
    sentence = f"{place} does not let other in without TLS"
    assert refusal(PASSWORD, url=analyst.set(username="other")) == sentence
    with closing(connector(PASSWORD, url=analyst)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM items").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError, match=r"permission denied .*hidden") as raised:
            connection.execute("SELECT * FROM hidden")
        shown = f"{connection!r} {vars(connection)} {told(raised.value)}"
    engine = sqlauthenticator.engine(PASSWORD, url=analyst)
    with engine.connect() as connected:
        assert connected.execute(sa.text("SELECT COUNT(*) FROM items")).scalar_one() == 1
    url = engine.url.render_as_string(hide_password=False)
    assert "right" not in f"{shown} {url} {engine!r} {engine.pool._creator!r}"
    engine.dispose()
    server.stop()
    assert refusal(WRONG, url=analyst).startswith(f"{place} cannot be reached: ")
    unknown = "postgresql://reader@db.invalid/db"
    assert refusal(WRONG, url=unknown).startswith("db.invalid:5432 cannot be reached: ")
    server = private_server()
    without_tls = f"{OTHER}:{server.port}"
    sentence = f"{without_tls} offers no TLS, and nothing is sent without it"
    assert refusal("secret", url=f"postgresql://root@{without_tls}/postgres") == sentence


@pytest.mark.skipif(not BUILT_WITH_TLS.is_dir(), reason="no postgresql-15 of Debian's")
def test_only_a_right_certificate_is_trusted(
    folder: Path, private_server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    ours, theirs = Authority("our root"), Authority("their root")
    ours.sign(folder, OTHER)
    for name in ("key.pem", "cert.pem"):
        (folder / name).chmod(0o600)
        if os.geteuid() == 0:
            os.chown(folder / name, NOBODY, NOBODY)
    (tmp_path / "both.pem").write_bytes(theirs.pem() + ours.pem())
    (tmp_path / "theirs.pem").write_bytes(theirs.pem())
    monkeypatch.setenv("POSTGRESQL_BIN", str(BUILT_WITH_TLS))
    files = f"ssl_cert_file={folder}/cert.pem", f"ssl_key_file={folder}/key.pem"
    server = private_server("-c", "ssl=on", "-c", files[0], "-c", files[1])
    # What libpq would take from a URL weakens nothing.
    url = f"postgresql://root@{OTHER}:{server.port}/postgres?sslmode=disable&sslrootcert=none"
    not_trusted = f"{OTHER}:{server.port} is not trusted: "
    assert refusal(url=url).startswith(not_trusted)  # the system's roots do not know ours
    monkeypatch.setenv("DATABASE_SSL_CA", str(tmp_path / "theirs.pem"))
    assert "certificate verify failed" in refusal(url=url)
    monkeypatch.setenv("DATABASE_SSL_CA", str(tmp_path / "both.pem"))
    asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    with closing(connector(url=url)) as connection:
        assert connection.execute(asked).fetchone() == (1,)
    monkeypatch.setattr(sqlauthenticator, "is_loopback", lambda host: False)
    assert "does not match host name" in refusal(url=url.replace(OTHER, "127.0.0.1"))
    monkeypatch.setenv("DATABASE_SSL", "off")
    with closing(connector(url=url)) as connection:
        assert connection.execute(asked).fetchone() == (0,)
