"""A GitLab for tests and the demo: one world, its API over HTTP, and the hooks that it sends.

In: how many pipelines, and which lies are told. Out: what GitLab's API and hooks would say.
"""
