"""Questions to a database whose answers come together, and their reading.

Comes in: SELECTs with their values. Goes out: rows. Knows no table.
"""
