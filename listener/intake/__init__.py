"""From a verified delivery to its answer: one commit for many, breaker, spool.

Comes in: `Received`. Goes out: `Answer`, after a durable commit.
"""
