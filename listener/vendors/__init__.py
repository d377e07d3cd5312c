"""A vendor's webhook: its headers, its signature, how it is set up.

Comes in: a request's headers. Goes out: whose it is and what they say, or `Refused`. Imports rows
of no vendor, and knows neither server nor store.
"""

from collections.abc import Sequence

from listener.vendors.github import GITHUB
from listener.vendors.gitlab import GITLAB
from listener.vendors.head import Head, Headers, Refused, WebhookVendor, join_headers, read_length

VENDORS = (GITHUB, GITLAB)


def read_head(pairs: Sequence[tuple[str, str]]) -> Head:
    """Return the head of a delivery. Raises Refused: 431, framing's, 415, 400, in this order."""
    headers = join_headers(pairs)
    length = read_length(headers)
    return vendor_of(headers).read_head(headers, length)


def vendor_of(headers: Headers) -> WebhookVendor:
    """Return whose delivery this is, by its headers. Raises Refused (400) for nobody's."""
    senders = [vendor for vendor in VENDORS if vendor.event_header.lower() in headers]
    if len(senders) != 1:
        known = " or ".join(vendor.event_header for vendor in VENDORS)
        raise Refused(400, f"{known} {'are both there' if senders else 'is missing or malformed'}")
    return senders[0]
