"""The only code that writes SQL: engines, merging of rows, deliveries, and named reads."""
