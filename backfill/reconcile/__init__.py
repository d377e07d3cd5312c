"""Keep the store whole: cycle after cycle, compare it with the vendor and fetch what differs.

In: settings. Out: rows, verdicts, health, and lines in the log. One process at a time, by a lease.
"""
