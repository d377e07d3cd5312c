-- The accounts of Runledger on MySQL 8.4 or later, Azure Database for MySQL. Written by `make docs` from the tables; do not edit a copy
-- that you will want to update: edit the four passwords, here or later by ALTER USER.
--
-- Run it as an administrator, in the database of the tables, once the schema is there
-- (python3 local-database.py -i), and again after each upgrade. It may be run any number of times.
--
--   mysql -h HOST -u ADMIN -p shark_dashboard_db < deploy/accounts-mysql.sql
--
-- runledger_listener    DATABASE_URL of listener and backfill: writes rows. No DDL, no FILE
-- runledger_analyst     DATABASE_READ_URL of analysts: reads all but raw deliveries
-- runledger_dashboard   DATABASE_READ_URL of the pages: likewise
-- runledger_migrations  DATABASE_MIGRATE_URL, for -i alone
--
-- MySQL has no limit for the time of an account's statements: connector and pages set theirs in
-- each session. For other clients: SET PERSIST max_execution_time = 60000 (a server parameter on
-- Azure), which stops SELECTs only. With Entra ID, make the users by CREATE AADUSER and keep the
-- GRANTs.

CREATE USER IF NOT EXISTS runledger_analyst IDENTIFIED BY 'CHANGE-ME-1';
ALTER USER runledger_analyst REQUIRE SSL WITH MAX_USER_CONNECTIONS 20;
CREATE USER IF NOT EXISTS runledger_dashboard IDENTIFIED BY 'CHANGE-ME-2';
ALTER USER runledger_dashboard REQUIRE SSL WITH MAX_USER_CONNECTIONS 20;
CREATE USER IF NOT EXISTS runledger_listener IDENTIFIED BY 'CHANGE-ME-3';
ALTER USER runledger_listener REQUIRE SSL WITH MAX_USER_CONNECTIONS 0;
CREATE USER IF NOT EXISTS runledger_migrations IDENTIFIED BY 'CHANGE-ME-4';
ALTER USER runledger_migrations REQUIRE SSL WITH MAX_USER_CONNECTIONS 5;
GRANT SELECT, INSERT, UPDATE, DELETE ON * TO runledger_listener;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES, CREATE VIEW, SHOW VIEW, CREATE TEMPORARY TABLES, LOCK TABLES ON * TO runledger_migrations;
GRANT SELECT ON acknowledgements TO runledger_analyst;
GRANT SELECT ON alerts TO runledger_analyst;
GRANT SELECT ON audits TO runledger_analyst;
GRANT SELECT ON branches TO runledger_analyst;
GRANT SELECT ON branchmoves TO runledger_analyst;
GRANT SELECT ON commitranges TO runledger_analyst;
GRANT SELECT ON commits TO runledger_analyst;
GRANT SELECT ON commitwalks TO runledger_analyst;
GRANT SELECT (Id, provider, guid, hookid, event, action, repo, receivetime, state, attempts, error, applytime, bodyhash) ON deliveries TO runledger_analyst;
GRANT SELECT (Id, provider, guid, number) ON deliveryparts TO runledger_analyst;
GRANT SELECT ON dependencies TO runledger_analyst;
GRANT SELECT ON depends_on_types TO runledger_analyst;
GRANT SELECT ON dirtyruns TO runledger_analyst;
GRANT SELECT ON errorissues TO runledger_analyst;
GRANT SELECT ON etags TO runledger_analyst;
GRANT SELECT ON failures TO runledger_analyst;
GRANT SELECT ON feedstates TO runledger_analyst;
GRANT SELECT ON formerfingerprints TO runledger_analyst;
GRANT SELECT ON health TO runledger_analyst;
GRANT SELECT ON jobs TO runledger_analyst;
GRANT SELECT ON jobversions TO runledger_analyst;
GRANT SELECT ON lakecommits TO runledger_analyst;
GRANT SELECT ON lakerepos TO runledger_analyst;
GRANT SELECT ON lakeruns TO runledger_analyst;
GRANT SELECT ON lakes TO runledger_analyst;
GRANT SELECT ON leases TO runledger_analyst;
GRANT SELECT ON licenses TO runledger_analyst;
GRANT SELECT ON load_history TO runledger_analyst;
GRANT SELECT ON marks TO runledger_analyst;
GRANT SELECT ON package_managers TO runledger_analyst;
GRANT SELECT ON package_urls TO runledger_analyst;
GRANT SELECT ON packageedges TO runledger_analyst;
GRANT SELECT ON packagerepos TO runledger_analyst;
GRANT SELECT ON packages TO runledger_analyst;
GRANT SELECT ON points TO runledger_analyst;
GRANT SELECT ON provides TO runledger_analyst;
GRANT SELECT ON rangecommits TO runledger_analyst;
GRANT SELECT ON redperiods TO runledger_analyst;
GRANT SELECT ON repoaliases TO runledger_analyst;
GRANT SELECT ON repos TO runledger_analyst;
GRANT SELECT ON rereads TO runledger_analyst;
GRANT SELECT ON rewrites TO runledger_analyst;
GRANT SELECT ON rollflakedays TO runledger_analyst;
GRANT SELECT ON rollflakes TO runledger_analyst;
GRANT SELECT ON rollnights TO runledger_analyst;
GRANT SELECT ON rollparts TO runledger_analyst;
GRANT SELECT ON rollspans TO runledger_analyst;
GRANT SELECT ON rollups TO runledger_analyst;
GRANT SELECT ON runattempts TO runledger_analyst;
GRANT SELECT ON runreads TO runledger_analyst;
GRANT SELECT ON sources TO runledger_analyst;
GRANT SELECT ON tagpushes TO runledger_analyst;
GRANT SELECT ON url_types TO runledger_analyst;
GRANT SELECT ON urls TO runledger_analyst;
GRANT SELECT ON user_packages TO runledger_analyst;
GRANT SELECT ON user_versions TO runledger_analyst;
GRANT SELECT ON users TO runledger_analyst;
GRANT SELECT ON versionreads TO runledger_analyst;
GRANT SELECT ON versions TO runledger_analyst;
GRANT SELECT ON windows TO runledger_analyst;
GRANT SELECT ON workflowruns TO runledger_analyst;
GRANT SELECT ON workflows TO runledger_analyst;
GRANT SELECT ON alembic_version TO runledger_analyst;
GRANT SELECT ON steps TO runledger_analyst;
GRANT SELECT ON stepsofjobs TO runledger_analyst;
GRANT SELECT ON main_now TO runledger_analyst;
GRANT SELECT ON main_red TO runledger_analyst;
GRANT SELECT ON errors TO runledger_analyst;
GRANT SELECT ON versionchanges TO runledger_analyst;
GRANT SELECT ON own_jobs TO runledger_analyst;
GRANT SELECT ON daily TO runledger_analyst;
GRANT SELECT ON job_steps TO runledger_analyst;
GRANT SELECT ON acknowledgements TO runledger_dashboard;
GRANT SELECT ON alerts TO runledger_dashboard;
GRANT SELECT ON audits TO runledger_dashboard;
GRANT SELECT ON branches TO runledger_dashboard;
GRANT SELECT ON branchmoves TO runledger_dashboard;
GRANT SELECT ON commitranges TO runledger_dashboard;
GRANT SELECT ON commits TO runledger_dashboard;
GRANT SELECT ON commitwalks TO runledger_dashboard;
GRANT SELECT (Id, provider, guid, hookid, event, action, repo, receivetime, state, attempts, error, applytime, bodyhash) ON deliveries TO runledger_dashboard;
GRANT SELECT (Id, provider, guid, number) ON deliveryparts TO runledger_dashboard;
GRANT SELECT ON dependencies TO runledger_dashboard;
GRANT SELECT ON depends_on_types TO runledger_dashboard;
GRANT SELECT ON dirtyruns TO runledger_dashboard;
GRANT SELECT ON errorissues TO runledger_dashboard;
GRANT SELECT ON etags TO runledger_dashboard;
GRANT SELECT ON failures TO runledger_dashboard;
GRANT SELECT ON feedstates TO runledger_dashboard;
GRANT SELECT ON formerfingerprints TO runledger_dashboard;
GRANT SELECT ON health TO runledger_dashboard;
GRANT SELECT ON jobs TO runledger_dashboard;
GRANT SELECT ON jobversions TO runledger_dashboard;
GRANT SELECT ON lakecommits TO runledger_dashboard;
GRANT SELECT ON lakerepos TO runledger_dashboard;
GRANT SELECT ON lakeruns TO runledger_dashboard;
GRANT SELECT ON lakes TO runledger_dashboard;
GRANT SELECT ON leases TO runledger_dashboard;
GRANT SELECT ON licenses TO runledger_dashboard;
GRANT SELECT ON load_history TO runledger_dashboard;
GRANT SELECT ON marks TO runledger_dashboard;
GRANT SELECT ON package_managers TO runledger_dashboard;
GRANT SELECT ON package_urls TO runledger_dashboard;
GRANT SELECT ON packageedges TO runledger_dashboard;
GRANT SELECT ON packagerepos TO runledger_dashboard;
GRANT SELECT ON packages TO runledger_dashboard;
GRANT SELECT ON points TO runledger_dashboard;
GRANT SELECT ON provides TO runledger_dashboard;
GRANT SELECT ON rangecommits TO runledger_dashboard;
GRANT SELECT ON redperiods TO runledger_dashboard;
GRANT SELECT ON repoaliases TO runledger_dashboard;
GRANT SELECT ON repos TO runledger_dashboard;
GRANT SELECT ON rereads TO runledger_dashboard;
GRANT SELECT ON rewrites TO runledger_dashboard;
GRANT SELECT ON rollflakedays TO runledger_dashboard;
GRANT SELECT ON rollflakes TO runledger_dashboard;
GRANT SELECT ON rollnights TO runledger_dashboard;
GRANT SELECT ON rollparts TO runledger_dashboard;
GRANT SELECT ON rollspans TO runledger_dashboard;
GRANT SELECT ON rollups TO runledger_dashboard;
GRANT SELECT ON runattempts TO runledger_dashboard;
GRANT SELECT ON runreads TO runledger_dashboard;
GRANT SELECT ON sources TO runledger_dashboard;
GRANT SELECT ON tagpushes TO runledger_dashboard;
GRANT SELECT ON url_types TO runledger_dashboard;
GRANT SELECT ON urls TO runledger_dashboard;
GRANT SELECT ON user_packages TO runledger_dashboard;
GRANT SELECT ON user_versions TO runledger_dashboard;
GRANT SELECT ON users TO runledger_dashboard;
GRANT SELECT ON versionreads TO runledger_dashboard;
GRANT SELECT ON versions TO runledger_dashboard;
GRANT SELECT ON windows TO runledger_dashboard;
GRANT SELECT ON workflowruns TO runledger_dashboard;
GRANT SELECT ON workflows TO runledger_dashboard;
GRANT SELECT ON alembic_version TO runledger_dashboard;
GRANT SELECT ON steps TO runledger_dashboard;
GRANT SELECT ON stepsofjobs TO runledger_dashboard;
GRANT SELECT ON main_now TO runledger_dashboard;
GRANT SELECT ON main_red TO runledger_dashboard;
GRANT SELECT ON errors TO runledger_dashboard;
GRANT SELECT ON versionchanges TO runledger_dashboard;
GRANT SELECT ON own_jobs TO runledger_dashboard;
GRANT SELECT ON daily TO runledger_dashboard;
GRANT SELECT ON job_steps TO runledger_dashboard;
