"""Packages as feeds left them -> what follows: links, edges, scores, and repositories.

In go rows of packages, versions, what they need and their addresses; out come `packageedges`,
`packages.score`, `packagerepos` and `versions.releasedred`, and what pages and feeds ask of them.
"""
