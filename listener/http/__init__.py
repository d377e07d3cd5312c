"""Connections of senders, below the door: how answers are sent, and requests that came whole.

Knows no vendor and no store.
"""
