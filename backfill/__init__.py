"""History in: read from GitHub's API what no webhook brought, and replay what webhooks brought."""
