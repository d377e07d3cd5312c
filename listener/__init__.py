"""The way in for webhooks: verify a delivery, store it with its rows, then answer.

Comes in: requests, from a server that speaks ASGI or WSGI. Goes out: rows and raw deliveries, by
store/doors; what waits for a database, in the spool.
"""
