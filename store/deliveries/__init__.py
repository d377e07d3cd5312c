"""Keep raw deliveries: bytes go in, and come out as they came.

In the table, with long bodies in parts; in the *spool*, a file of this machine, while the database
is away; and no longer than an operator wants.
"""
