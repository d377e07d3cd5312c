"""A retriever of the tests: leaves a file of bare records, as OUTPUTDIR says."""

import os
from pathlib import Path

folder = Path(os.environ["OUTPUTDIR"])
(folder / "points.ndjson").write_text(
    '{"series": "queue", "time": "2026-11-01T00:00:00Z", "value": 7}\n', "utf-8"
)
