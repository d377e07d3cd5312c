"""A whole store to another database, of any engine, every Id kept, while the source is written to.

Two engines come in. `copy_record` makes the target ready, and says in it what it is a copy of;
`table_copy` appends what it lacks; `comparison` goes over both, row by row, writes what differs,
and returns for each table how many rows both hold, and their hash (decision 52).
"""
