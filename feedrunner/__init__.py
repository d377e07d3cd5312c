"""A feed's program -> rows of packages, versions, and numbers over time.

In go lines of JSON that a program printed, in Singer's format; out come rows, each load's outcome,
and the state from which the next load goes on. A feed never sees the database.
"""
