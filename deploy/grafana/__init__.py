"""Dashboards and alert rules for Grafana, written from one table of SQL.

In: the panels of `boards`, each a statement that is spelled once. Out: dashboards/ENGINE/*.json and
alerting/*.json, which `make docs` writes and checks. `macros` does to a query what Grafana's data
sources do, so that the statements can be run without a Grafana.
"""
