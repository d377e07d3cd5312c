"""Tell this machine from others: only to it may passwords and data go in clear."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine."""
    if host is None or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
