"""A retriever of the tests: prints two points, then fails or hangs as MY_EXAMPLE_ENV says."""

import json
import os
import sys
import time

WAY = os.environ.get("MY_EXAMPLE_ENV", "")

print("the log", file=sys.stderr)
for day, value in (("2026-11-01", 3), ("2026-11-02", 4)):
    point = {"series": "builds", "time": f"{day}T00:00:00Z", "value": value}
    print(json.dumps({"type": "RECORD", "stream": "points", "record": point}))
if WAY == "fails":
    sys.exit("no such pipeline")
if WAY == "hangs":
    sys.stdout.flush()
    time.sleep(600)
