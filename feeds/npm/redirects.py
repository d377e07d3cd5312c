"""Follow where a registry leads."""

import urllib.request
from typing import Any
from urllib.parse import urlsplit


class SameHost(urllib.request.HTTPRedirectHandler):
    """Takes the token along where a redirect, as of a name in capitals, stays at its server."""

    def redirect_request(self, req: Any, *args: Any) -> Any:
        made = super().redirect_request(req, *args)
        if made is not None and urlsplit(made.full_url)[:2] == urlsplit(req.full_url)[:2]:
            token = req.unredirected_hdrs.get("Authorization")
            if token:
                made.add_unredirected_header("Authorization", token)
        return made
