"""What runs beside answering: upkeep, roll-ups, the spool's way back, the reconciler.

Comes in: settings and the breaker. Goes out: rows; a thread each, that outlives what is wrong.
"""
