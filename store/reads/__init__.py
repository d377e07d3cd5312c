"""Answer questions with named SELECTs, one file for each who asks: the pages, an audit, a backfill.

A connection and what is asked for go in, NamedTuples come out; nothing is ever written. What is
counted ahead is taken from roll-ups, the rest is counted in the tables (store.rollups).
"""
