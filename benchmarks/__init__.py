"""Programmes that measure; their figures stand in docs/performance.md."""
