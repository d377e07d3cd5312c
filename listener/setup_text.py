"""What the operator reads at the start: how GitHub's deliveries find this listener."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rows.sources import source_of

EVENTS = source_of("github").events
# What GitHub's page calls the events, under "Let me select individual events".
# https://docs.github.com/webhooks/webhook-events-and-payloads
TICK = {
    "push": "Pushes",
    "create": "Branch or tag creation",
    "delete": "Branch or tag deletion",
    "repository": "Repositories",
    "workflow_run": "Workflow runs",
    "workflow_job": "Workflow jobs",
}

TEXT = """\
Listening on {address}, {watching}.

GitHub reaches it in one of two ways:

1. At a public URL, with a key that may manage webhooks:
     python listener.py -r "{repo}" -k KEY --register https://YOUR-HOST/webhook
   or by hand. Settings > Webhooks > Add webhook, of a repository or an organization:
     Payload URL   https://YOUR-HOST/webhook
     Content type  application/json
     Secret        {secret}
     Events        {tick}

2. Through a forwarder, when this machine has no public URL:
     gh webhook forward --repo={repo} --events={events} \\
       --url={local} --secret="{secret_shell}"
   or a channel of https://smee.io as the Payload URL, and
     npx smee-client --url https://smee.io/YOUR-CHANNEL --target {local}

What happened before comes with the backfill:
     python local-database.py -r "{repo}" -k KEY -m 1000

Ctrl-C ends it.
"""


def ways_in(host: str, port: int, repos: Sequence[str], made: Path | None) -> str:
    """Return the text for a listener; `made` is the file of a secret that is not set."""
    local = f"http://localhost:{port}/webhook"
    named = next((repo for repo in repos if "/" in repo and not repo.endswith("/*")), "ORG/REPO")
    return TEXT.format(
        address=f"http://{f'[{host}]' if ':' in host else host}:{port}/webhook",
        watching=f"watching {', '.join(repos)}" if repos else "watching every repository",
        secret=f"the text in {made}" if made else "the value of WEBHOOK_SECRET",
        secret_shell=f"$(cat {made})" if made else "$WEBHOOK_SECRET",
        tick=", ".join(TICK[event] for event in EVENTS),
        events=",".join(EVENTS),
        repo=named,
        local=local,
    )
