"""Another machine is reached only over TLS that proves itself; OTHER plays the other machine.

Connecting there reaches this machine, but nothing in the address says so: it is no loopback.
"""

import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pymysql
import pytest

from sqlauthenticator import connector
from tests.certificates import VALID, Authority

pytestmark = pytest.mark.parametrize("engine_name", ["mariadb", "mysql"], indirect=True)

OTHER = "0.0.0.0"  # noqa: S104 - nothing is bound to it
RELOAD = {"mariadb": "FLUSH SSL", "mysql": "ALTER INSTANCE RELOAD TLS"}


def test_only_a_right_certificate_is_trusted(
    engine_name: str, private_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ours, theirs = Authority("our root"), Authority("their root")
    (tmp_path / "ours.pem").write_bytes(ours.pem())
    (tmp_path / "theirs.pem").write_bytes(theirs.pem())
    (tmp_path / "both.pem").write_bytes(theirs.pem() + ours.pem())
    ours.sign(tmp_path, OTHER)
    server = private_server(
        f"--ssl-ca={tmp_path}/both.pem",
        f"--ssl-cert={tmp_path}/cert.pem",
        f"--ssl-key={tmp_path}/key.pem",
    )
    loopback = pymysql.connect(host="127.0.0.1", port=server.port, user="root", autocommit=True)
    # What PyMySQL would take from a URL weakens nothing.
    weak = "ssl_disabled=true&ssl_verify_cert=false&ssl_verify_identity=false"
    url = f"mysql+pymysql://root@{OTHER}:{server.port}/mysql?{weak}"

    def use(authority: Authority, address: str = OTHER, valid: timedelta = VALID) -> None:
        authority.sign(tmp_path, address, valid)
        loopback.cursor().execute(RELOAD[engine_name])

    def refusal() -> str:
        with pytest.raises(sqlite3.OperationalError) as raised:
            connector(url=url)
        return str(raised.value)

    def cipher() -> str:
        with closing(connector(url=url)) as connection:
            return str(connection.execute("SHOW STATUS LIKE 'Ssl_cipher'").fetchone()[1])

    not_trusted = f"{OTHER}:{server.port} is not trusted: "
    assert refusal().startswith(not_trusted)  # the system's roots do not know ours
    for known in ("ours.pem", "both.pem"):
        monkeypatch.setenv("DATABASE_SSL_CA", str(tmp_path / known))
        assert cipher()
    use(ours, address="10.1.2.3")
    assert "IP address mismatch" in refusal()
    use(ours, valid=timedelta(seconds=2))  # MySQL takes none that has expired already
    time.sleep(3)
    assert "certificate has expired" in refusal()
    use(theirs)
    assert cipher()
    monkeypatch.setenv("DATABASE_SSL_CA", str(tmp_path / "ours.pem"))
    assert refusal().startswith(not_trusted)
    monkeypatch.setenv("DATABASE_SSL", "off")
    assert cipher() == ""
    loopback.cursor().execute("SET GLOBAL require_secure_transport = ON")
    assert "DATABASE_SSL is off" in refusal()
    loopback.close()


def test_server_without_tls_is_refused_before_anything_is_sent(
    engine_name: str, private_server: Any
):
    without = {"mariadb": "--skip-ssl", "mysql": "--tls-version="}[engine_name]
    server = private_server(without)
    with pytest.raises(sqlite3.OperationalError) as raised:
        connector("secret", url=f"mysql+pymysql://root@{OTHER}:{server.port}/mysql")
    sentence = f"{OTHER}:{server.port} offers no TLS, and nothing is sent without it"
    assert str(raised.value) == sentence
    with closing(connector(url=f"mysql+pymysql://root@127.0.0.1:{server.port}/mysql")) as local:
        assert local.execute("SELECT 1").fetchone() == (1,)
