-- The roles and the database of several chatlog servers, for psql 15 or later as a superuser:
--
--   CHATLOG_OWNER_PASSWORD=… CHATLOG_PASSWORD=… psql -X -v ON_ERROR_STOP=1 -d postgres -f roles.sql
--
-- chatlog_owner creates and migrates the tables. chatlog serves: it cannot change a table, nor
-- switch off the triggers that protect the log.

\getenv owner_password CHATLOG_OWNER_PASSWORD
\getenv password CHATLOG_PASSWORD

CREATE ROLE chatlog_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE chatlog LOGIN PASSWORD :'password';
CREATE DATABASE chat OWNER chatlog_owner TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE chat FROM PUBLIC;
GRANT CONNECT ON DATABASE chat TO chatlog;

\connect chat
CREATE SCHEMA chatlog AUTHORIZATION chatlog_owner;
GRANT USAGE ON SCHEMA chatlog TO chatlog;
ALTER DEFAULT PRIVILEGES FOR ROLE chatlog_owner IN SCHEMA chatlog
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO chatlog;
