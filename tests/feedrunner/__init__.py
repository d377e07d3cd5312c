"""Feeds: programs whose lines become rows."""
