"""Another machine is reached only over TLS that proves itself; OTHER plays the other machine.

Connecting there reaches this machine, but nothing in the address says so: it is no loopback.
"""

import shlex
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engines import connect
from tests.certificates import VALID, Authority

both_servers = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)
OTHER = "0.0.0.0"  # noqa: S104 - nothing is bound to it
RELOAD = {"mariadb": "FLUSH SSL", "mysql": "ALTER INSTANCE RELOAD TLS"}


def cipher(url: str, **options: Any) -> str:
    """Return the cipher of a new connection; empty without TLS."""
    engine = connect(url, **options)
    try:
        with engine.connect() as connection:
            found = connection.execute(sa.text("SHOW STATUS LIKE 'Ssl_cipher'")).one()
            return str(found[1])
    finally:
        engine.dispose()


def refusal(url: str, **options: Any) -> str:
    """Return why a connection is refused."""
    with pytest.raises(OperationalError) as raised:
        cipher(url, **options)
    return str(raised.value.orig)


@both_servers
def test_only_a_right_certificate_is_trusted(
    engine_name: str, private_server: Callable[..., Any], tmp_path: Path
):
    ours, theirs = Authority("ours"), Authority("theirs")
    ours.sign(tmp_path, OTHER)
    (tmp_path / "ours.pem").write_bytes(ours.pem())
    (tmp_path / "both.pem").write_bytes(theirs.pem() + ours.pem())
    one, several = str(tmp_path / "ours.pem"), str(tmp_path / "both.pem")
    server = private_server(
        f"--ssl-ca={several}",
        f"--ssl-cert={tmp_path / 'cert.pem'}",
        f"--ssl-key={tmp_path / 'key.pem'}",
    )
    loopback = pymysql.connect(host="127.0.0.1", port=server.port, user="root", autocommit=True)
    weak = "ssl_disabled=true&ssl_verify_cert=false&ssl_verify_identity=false"
    url = f"mysql+pymysql://root@{OTHER}:{server.port}/mysql?{weak}"

    def use(authority: Authority, address: str = OTHER, valid: timedelta = VALID) -> None:
        authority.sign(tmp_path, address, valid)
        loopback.cursor().execute(RELOAD[engine_name])

    with closing(loopback):
        assert "certificate verify failed" in refusal(url)  # the system's roots know ours not
        assert cipher(url, ssl_ca=one)
        assert cipher(url, ssl_ca=several)
        use(theirs)
        assert cipher(url, ssl_ca=several)
        assert "certificate verify failed" in refusal(url, ssl_ca=one)
        use(ours, address="10.1.2.3")
        assert "IP address mismatch" in refusal(url, ssl_ca=several)
        use(ours, valid=timedelta(seconds=2))  # MySQL takes none that has expired already
        time.sleep(3)
        assert "certificate has expired" in refusal(url, ssl_ca=several)
        use(ours)
        loopback.cursor().execute("SET GLOBAL require_secure_transport = ON")
        assert cipher(url, ssl_ca=one)
        assert refusal(url, tls=False)[:5] in ("(3159", "(1045")  # MariaDB denies it as access
        loopback.cursor().execute("SET GLOBAL require_secure_transport = OFF")
        assert cipher(url, tls=False) == ""


@both_servers
def test_server_without_tls_is_refused_and_told_nothing(
    engine_name: str, private_server: Callable[..., Any]
):
    without = {"mariadb": "--skip-ssl", "mysql": "--tls-version="}[engine_name]
    server = private_server(without)
    url = f"mysql+pymysql://root:secret@{OTHER}:{server.port}/mysql"
    assert "SSL is required but the server doesn't support it" in refusal(url)


@both_servers
def test_password_is_fetched_for_each_new_connection(
    engine_name: str, private_server: Callable[..., Any], tmp_path: Path
):
    server = private_server()
    root = pymysql.connect(host="127.0.0.1", port=server.port, user="root", autocommit=True)
    with closing(root), closing(root.cursor()) as cursor:
        for host in ("localhost", "127.0.0.1"):
            cursor.execute(f"CREATE USER app@'{host}' IDENTIFIED BY 'first'")
        token = tmp_path / "token"
        token.write_text("first\n")
        program = f"import pathlib; print(pathlib.Path({str(token)!r}).read_text().strip())"
        command = shlex.join([sys.executable, "-c", program])
        engine = connect(
            f"mysql+pymysql://app@127.0.0.1:{server.port}/", password_command=command, tls=False
        )
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
        for host in ("localhost", "127.0.0.1"):
            cursor.execute(f"ALTER USER app@'{host}' IDENTIFIED BY 'second'")
        with engine.connect() as pooled:  # a session outlives its token
            pooled.execute(sa.text("SELECT 1"))
            with pytest.raises(OperationalError, match="Access denied"):
                engine.connect()
            token.write_text("second\n")
            with engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))
        engine.dispose()
