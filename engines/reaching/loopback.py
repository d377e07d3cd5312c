"""Which hosts are this machine."""

import ipaddress


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine: only to it may passwords and data go in clear."""
    if host is None or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
