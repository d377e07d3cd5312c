"""A primary that dies under load, in a real replication group: make failover."""
