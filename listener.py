#!/usr/bin/env python3
"""Door to the listener: `python3 listener.py ...`. What it does is in listener/cli.py."""

import door

if __name__ == "__main__":
    door.enter("listener.cli")
