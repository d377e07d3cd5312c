"""Answers are sent compressed to who takes that."""

import gzip

from flask import Response, request

LEAST = 1000
"""Bytes below which compressing gains nothing."""
LEVEL = 5
TYPES = ("text/", "application/json", "application/xml", "application/atom+xml", "image/svg+xml")


def compress(response: Response) -> Response:
    """Compress a text for a browser that accepts gzip, and say that the answer depends on that."""
    if not (response.mimetype or "").startswith(TYPES) or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code in (204, 206, 304) or not request.accept_encodings["gzip"]:
        return response
    response.direct_passthrough = False  # a file of ours, which is small
    body = response.get_data()
    if len(body) < LEAST:
        return response
    response.set_data(gzip.compress(body, LEVEL, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    tag, is_weak = response.get_etag()
    if tag is not None and not is_weak:  # the same text, but not the same bytes
        response.set_etag(tag, weak=True)
    response.headers.pop("Accept-Ranges", None)
    return response
