"""Merge rows into tables: values by column go in, and stay as the rules of their kinds say.

Everything here works in the transaction of `store.apply`.
"""
