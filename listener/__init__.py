"""The way in for webhooks: verify a delivery, store it with its rows, then answer."""
