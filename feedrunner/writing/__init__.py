"""Checked records of a feed -> rows, each compared with what is stored before it is written.

Comes in: the records of a transaction. Goes out: rows, how many changed, and which came.
"""
