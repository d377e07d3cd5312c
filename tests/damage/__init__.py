"""Files of the spool and of the store, damaged anywhere: what is not whole is told."""
