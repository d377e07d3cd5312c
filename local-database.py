#!/usr/bin/env python3
"""Door to the backfill: `python3 local-database.py ...`. What it does is in backfill/cli.py."""

import door

if __name__ == "__main__":
    door.enter("backfill.cli")
