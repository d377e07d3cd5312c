"""Map what GitHub sends to rows: one file per table; `events` routes, `source` is all at once."""
