-- The accounts of the bundled database, by its superuser: PostgreSQL's image runs it once, when it
-- makes the database. Again, after a password was changed in the Secret and the pod began anew:
--   kubectl exec NAME-database-0 -- psql -U postgres -v ON_ERROR_STOP=1 \
--     -f /docker-entrypoint-initdb.d/accounts.sql shark_dashboard_db
-- Written by `make docs`.
CREATE EXTENSION IF NOT EXISTS citext;
DO $$BEGIN IF to_regrole('runledger_analyst') IS NULL THEN CREATE ROLE runledger_analyst LOGIN; END IF; END$$;
ALTER ROLE runledger_analyst CONNECTION LIMIT 20;
DO $$BEGIN IF to_regrole('runledger_dashboard') IS NULL THEN CREATE ROLE runledger_dashboard LOGIN; END IF; END$$;
ALTER ROLE runledger_dashboard CONNECTION LIMIT 20;
DO $$BEGIN IF to_regrole('runledger_listener') IS NULL THEN CREATE ROLE runledger_listener LOGIN; END IF; END$$;
ALTER ROLE runledger_listener CONNECTION LIMIT -1;
DO $$BEGIN IF to_regrole('runledger_migrations') IS NULL THEN CREATE ROLE runledger_migrations LOGIN; END IF; END$$;
ALTER ROLE runledger_migrations CONNECTION LIMIT 5;
ALTER ROLE runledger_analyst SET statement_timeout = '60s';
ALTER ROLE runledger_analyst SET default_transaction_read_only = on;
ALTER ROLE runledger_dashboard SET statement_timeout = '60s';
ALTER ROLE runledger_dashboard SET default_transaction_read_only = on;
DO $$BEGIN EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END$$;
DO $$BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO runledger_analyst, runledger_dashboard, runledger_listener, runledger_migrations', current_database()); END$$;
DO $$BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO runledger_listener, runledger_migrations', current_database()); END$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO runledger_analyst, runledger_dashboard, runledger_listener, runledger_migrations;
GRANT CREATE ON SCHEMA public TO runledger_migrations;
GRANT runledger_migrations TO CURRENT_USER;
ALTER DEFAULT PRIVILEGES FOR ROLE runledger_migrations IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO runledger_listener;
\getenv listener_password LISTENER_PASSWORD
ALTER ROLE runledger_listener PASSWORD :'listener_password';
\getenv read_password READ_PASSWORD
ALTER ROLE runledger_dashboard PASSWORD :'read_password';
\getenv migrate_password MIGRATE_PASSWORD
ALTER ROLE runledger_migrations PASSWORD :'migrate_password';
-- Who administers it does so in the pod; over the network nobody can be the superuser.
ALTER ROLE CURRENT_USER PASSWORD NULL;
