"""Long programmes that try to make the listener lose a delivery: `python -m tests.torture`."""
