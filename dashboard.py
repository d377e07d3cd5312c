#!/usr/bin/env python3
"""Door to the pages: `python3 dashboard.py ...`. What it does is in dashboard/cli.py."""

import door

if __name__ == "__main__":
    door.enter("dashboard.cli")
