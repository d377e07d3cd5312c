"""What of other files is in the chart, too: helm reads only what is in its folder."""

from collections.abc import Iterable
from pathlib import Path

from deploy import accounts
from deploy.grafana import alerts, dashboards

FOLDER = Path(__file__).resolve().parent.parent / "charts/runledger"
SOURCES = ("mysql", "postgresql", "prometheus")
PASSWORDS = {
    "runledger_listener": "LISTENER_PASSWORD",
    "runledger_dashboard": "READ_PASSWORD",
    "runledger_migrations": "MIGRATE_PASSWORD",
}
"""By account, the variable of the bundled database's container that holds its password."""
ROLES = """\
-- The accounts of the bundled database, by its superuser: PostgreSQL's image runs it once, when it
-- makes the database. Again, after a password was changed in the Secret and the pod began anew:
--   kubectl exec NAME-database-0 -- psql -U postgres -v ON_ERROR_STOP=1 \\
--     -f /docker-entrypoint-initdb.d/accounts.sql shark_dashboard_db
-- Written by `make docs`.
"""
RIGHTS = """\
-- What the accounts of the bundled database may with each table, by their owner, after each
-- upgrade. Written by `make docs`.
"""


def files() -> dict[Path, str]:
    """Return the files with their text."""
    made = {"sql/roles.sql": roles(), "sql/rights.sql": RIGHTS + ended(accounts.rights())}
    made |= {
        f"grafana/{path.parent.name}/{path.name}": text
        for path, text in dashboards.files().items()
        if path.parent.name in SOURCES
    }
    made |= {
        f"grafana/alerting/{path.name}": text
        for path, text in alerts.files().items()
        if path.stem in SOURCES
    }
    rules = accounts.FOLDER / "prometheus-rules.yml"
    made[rules.name] = rules.read_text("utf-8")
    return {FOLDER / name: text for name, text in made.items()}


def roles() -> str:
    """Return the accounts, each with the password of its variable; the superuser's has none."""
    lines = [ROLES, "CREATE EXTENSION IF NOT EXISTS citext;\n", ended(accounts.roles())]
    for account, variable in PASSWORDS.items():
        name = variable.lower()
        lines.append(f"\\getenv {name} {variable}\nALTER ROLE {account} PASSWORD :'{name}';\n")
    lines.append(
        "-- Who administers it does so in the pod; over the network nobody can be the superuser.\n"
        "ALTER ROLE CURRENT_USER PASSWORD NULL;\n"
    )
    return "".join(lines)


def ended(statements: Iterable[str]) -> str:
    """Return statements as lines of a file."""
    return "".join(f"{statement};\n" for statement in statements)
