"""Answers of the API that are not what they should be: `python -m tests.odd_answers`."""
