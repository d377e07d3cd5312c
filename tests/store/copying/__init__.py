"""Stores that move: all of their rows, between engines, killed anywhere, while they are written."""
