"""A day of made-up CI, sent to a real listener over a throw-away store."""
