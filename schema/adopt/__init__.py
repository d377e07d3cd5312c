"""Bring an earlier installation's tables to the described shape, where they are.

What a database lacks comes out as DDL (shape_*.py, an engine each) and is run; then its rows are
told what they belong to (rows.py). It happens once in an installation.
"""
