"""A GitHub of our own: recorded payload shapes, a world with a clock, a server that serves it.

`python -m fakegithub` serves a generated history; `fakegithub.server.serve` is the same in a test.
It imports nothing of the house it stands for, and nothing of its tests.
"""
