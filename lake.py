#!/usr/bin/env python3
"""Door to the lake: `python3 lake.py ...`. What it does is in lake/cli.py."""

import door

if __name__ == "__main__":
    door.enter("lake.cli")
