"""Answer as GitHub's REST API does: routes, pages, limits, faults, hooks and their deliveries.

Requests come in as values and answers go out as values: HTTP is the business of fakegithub.handler.
"""
