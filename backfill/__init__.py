"""Read from a vendor's API what no webhook brought, and replay what webhooks brought."""
