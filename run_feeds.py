#!/usr/bin/env python3
"""Door to the feeds: `python3 run_feeds.py ...`. What it does is in feedrunner/cli.py."""

import door

if __name__ == "__main__":
    door.enter("feedrunner.cli")
