"""The port of a server, before it serves: taken, or why not."""

import errno
import os
import socket

from config.settings import BadSetting

BACKLOG = 2048


class CannotListen(Exception):
    """A port that cannot be had; the text says why."""


def claim_port(host: str, port: int, setting: str) -> socket.socket:
    """Return a socket that listens; `setting` names the host's. Raises CannotListen."""
    try:
        return listen(host, port)
    except socket.gaierror as error:
        raise CannotListen(f"{setting}: {host} is not an address of this machine") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotListen(f"port {port} is in use: choose another with -p") from error
        raise CannotListen(f"port {port} of {host} cannot be used: {error.strerror}") from error


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at host and port. Raises OSError."""
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = addresses[0]
    return socket.create_server(address[:2], family=family, backlog=BACKLOG)


def refuse_debug() -> None:
    """Raise BadSetting when FLASK_DEBUG is on: its debugger runs code for whoever asks."""
    if os.environ.get("FLASK_DEBUG", "0").lower() not in ("", "0", "false", "no"):
        raise BadSetting("FLASK_DEBUG", "must not be set: its debugger runs code for who asks")
