"""The tables, by subject; importing any of them has all of them in the metadata."""

# The order of docs/fields.md.
# isort: off
from schema.tables import ci as ci
from schema.tables import deliveries as deliveries
from schema.tables import branch_moves as branch_moves
from schema.tables import audits as audits
from schema.tables import failures as failures
from schema.tables import acknowledgements as acknowledgements
from schema.tables import alerts as alerts
from schema.tables import job_versions as job_versions
from schema.tables import reconciler as reconciler
from schema.tables import backfill as backfill
from schema.tables import rollups as rollups
from schema.tables import packages as packages
from schema.tables import lake_notes as lake_notes
