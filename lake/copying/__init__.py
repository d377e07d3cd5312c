"""Rows of the store, all or some of a table, into the lake: what differs alone is written."""
