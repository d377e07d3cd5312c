"""The table of SQL: a module for each dashboard, its panels in the order they stand in."""

from deploy.grafana.branches import BRANCHES
from deploy.grafana.errors import ERRORS
from deploy.grafana.freshness import FRESHNESS
from deploy.grafana.jobs import JOBS
from deploy.grafana.overview import OVERVIEW
from deploy.grafana.queue import QUEUE

BOARDS = (OVERVIEW, QUEUE, JOBS, ERRORS, BRANCHES, FRESHNESS)
