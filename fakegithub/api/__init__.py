"""Answer as GitHub's REST API does: routes, pages, limits, faults, webhooks and their deliveries."""
