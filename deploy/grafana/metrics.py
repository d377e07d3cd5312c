"""What Prometheus knows of `/metrics`, the spool among it, which is in no database.

A panel's statement is PromQL here.
"""

from deploy.grafana.panels import Board, Panel, stat
from deploy.grafana.spelling import DataSource

PROMETHEUS = DataSource("prometheus", "prometheus", {})

METRICS = Board(
    "metrics",
    "Metrics",
    "The listener's and the store's state as /metrics of the pages has it over time",
    (
        stat(
            "Spool",
            "Deliveries that wait for the database",
            "short",
            "/health",
            "max(runledger_spool_deliveries)",
        ),
        stat(
            "Spool waits",
            "For how long the oldest delivery in the spool waits",
            "s",
            "/health",
            "max(runledger_spool_age_seconds)",
            red_from=600,
        ),
        stat(
            "Put aside",
            "Entries and files of the spool that were found damaged",
            "short",
            "/health",
            "max(runledger_spool_damaged)",
            red_from=1,
        ),
        stat(
            "Last delivery",
            "How long ago the last webhook was received",
            "s",
            "/health",
            "min(runledger_last_delivery_age_seconds)",
            red_from=21600,
        ),
        stat(
            "Red workflows",
            "Workflows that are red on their default branch now",
            "short",
            "/",
            "sum(runledger_default_branch_red_workflows)",
            red_from=1,
        ),
        stat(
            "Pages answer",
            "How many of the scraped pages answer",
            "short",
            "/health",
            'sum(up{job="runledger"})',
        ),
        Panel(
            "Spool over time",
            "timeseries",
            "Deliveries that waited for the database: a hill is an outage that was lived through",
            "short",
            "/health",
            "max(runledger_spool_deliveries)",
        ),
        Panel(
            "Lag",
            "timeseries",
            "Seconds from the receipt of a delivery to its rows, and since the last one",
            "s",
            "/health",
            "max(runledger_apply_lag_seconds)",
        ),
        Panel(
            "Red workflows by repository",
            "timeseries",
            "Workflows that were red on the default branch, the worst twenty repositories",
            "short",
            "/",
            "topk(20, runledger_default_branch_red_workflows > 0)",
        ),
        Panel(
            "Wait for a runner",
            "timeseries",
            "The wait that 95 of 100 of all stored jobs did not exceed",
            "s",
            "/pools",
            "histogram_quantile(0.95, sum by (le) (runledger_job_queue_seconds_bucket))",
        ),
        Panel(
            "Statistics to be made",
            "timeseries",
            "Runs whose statistics are pending",
            "short",
            "/health",
            "max(runledger_rollup_runs_pending)",
        ),
        Panel(
            "Messages",
            "timeseries",
            "Messages of red branches that wait or were not surely sent, by target and state",
            "short",
            "/health",
            "sum by (target, state) (runledger_alerts)",
        ),
    ),
)
