"""Describe the tables, and bring a database to them.

`migrate` takes an engine of any age and leaves it current, one upgrader at a time.
"""
