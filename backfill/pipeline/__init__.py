"""Fetch in many threads, and store in one: tasks go in, rows are written with their notes.

Waits for a database that is away, and shows people how far it is.
"""
