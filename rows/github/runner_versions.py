"""What GitHub's runner prints of what it runs a job with: its image, actions, tools.

https://github.com/actions/runner-images
"""

from rows.github.job_log import DIALECT, END_GROUP, RUN
from rows.versions.form import form
from rows.versions.log_reader import LogVersionReader, Script

IMAGE = form(
    "image",
    r"Image Release: https://\S{1,200}/tag/(?P<name>[\w.-]{1,99})(?:%2F|/)(?P<version>[\w.-]{1,99})$",
)
LABEL = form("image", r"Image: (?P<version>[\w.-]{1,99})$", "runner")
ACTION = form(
    "action",
    r"Download action repository '(?P<name>[\w./@+-]{1,200})'"
    r" \(SHA:(?P<version>[0-9a-f]{40,64})\)$",
)
TOOL = form(
    "tool",
    r"Found in cache @ \S{0,200}?hostedtoolcache[/\\](?:windows[/\\])?(?P<name>[\w.+-]{1,99})"
    r"[/\\](?P<version>\d[\w.+-]{0,99})[/\\]",
    spell=str.lower,
)

FORMS = {
    "Image": (IMAGE,),
    "Image:": (LABEL,),
    "Download": (ACTION,),
    "Found": (TOOL,),
}


def version_reader() -> LogVersionReader:
    """Return a reader of a job's log."""
    return LogVersionReader(DIALECT, FORMS, Script(RUN, END_GROUP))
