"""Answer as GitHub's REST API does: routes, pages, limits, faults, hooks and their deliveries."""
