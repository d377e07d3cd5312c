"""The lake: the store's tables as a DuckLake, for analysis over years.

The store comes in, Parquet files and their catalog go out. DuckDB and its extensions are an extra
(requirements-lake.txt): nothing here imports them before a command needs them.
"""
