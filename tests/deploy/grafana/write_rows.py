"""Write rows.json anew, from SQLite: python -m tests.deploy.grafana.write_rows."""

import json
import tempfile

from engines import connect
from schema import migrate
from tests.deploy.grafana.conftest import fill
from tests.deploy.grafana.test_rows import BY_TITLE, ROWS, rows_of

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        migrate.upgrade(url)
        engine = connect(url)
        fill(engine)
        lines = (
            f"{json.dumps(title)}: {json.dumps(rows_of(engine, panel))}"
            for title, panel in BY_TITLE.items()
        )
        ROWS.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
        engine.dispose()
