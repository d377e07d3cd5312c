"""Remember what the store's own work needs: how far it came, what is open, what was found.

Written beside the rows it is about, or after them; read by backfill, reconciler and pages.
"""
