"""Read the URL, ask the store, hand the answer to a template: one module a page.

A page is its module here, with `blueprint` and `TITLE`, a template, a module in store/reads, and
its place in PAGES. TITLE is the word of the navigation it is found under, empty for none; the
first page with a TITLE is where the word leads.
"""

from dashboard.history import (
    branch_history,
    job_history,
    pool_history,
    pull_request_history,
    runner_history,
    workflow_history,
)
from dashboard.pages import (
    acknowledgement,
    deliveries,
    error,
    error_list,
    feeds,
    figures,
    flakes,
    health,
    nights,
    pools,
    run,
    run_list,
    slower,
    time,
)
from dashboard.supply import red_packages

PAGES = (
    *(nights, run_list, run, workflow_history, job_history, branch_history),
    *(pull_request_history, runner_history, pool_history, error_list, error, acknowledgement),
    *(figures, slower, pools, time, flakes, red_packages, health, deliveries, feeds),
)

TITLES = {page.blueprint.name: page.TITLE for page in PAGES}

NAVIGATION: dict[str, str] = {}
"""The endpoints that words lead to."""
for name, title in TITLES.items():
    if title:
        NAVIGATION.setdefault(title, f"{name}.show")
