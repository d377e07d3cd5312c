"""Clocks that lie for a while, in a simulated store: `make clocks`."""
