"""What processes share: the log, gunicorn, a port, file locks, ending with the parent.

Comes in: an app, and where to serve it. Goes out: lines on stderr, a socket, a served app.
"""
