"""Make the tables step by step: Alembic's migrations, append-only.

Each step finds out whether it is done: MySQL commits DDL statement by statement.
"""
