"""Tell what changed since a job was well: its last good one and first failed one, and between them.

A failed job comes in; out come the two that are compared, versions that differ, commits, tags.
"""
