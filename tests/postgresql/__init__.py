"""PostgreSQL for the tests: its private servers, and which tests run on it."""
