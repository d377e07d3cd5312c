"""The rows that feeds bring."""
