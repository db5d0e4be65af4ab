#!/bin/sh
# The two roles and the database, made when PostgreSQL starts for the first time.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 \
    --set owner="$SHUKE_OWNER_PASSWORD" --set app="$SHUKE_APP_PASSWORD" <<'SQL'
CREATE ROLE shuke_owner LOGIN PASSWORD :'owner' CREATEDB CREATEROLE BYPASSRLS;
CREATE ROLE shuke_app LOGIN PASSWORD :'app';
CREATE DATABASE shuke OWNER shuke_owner TEMPLATE template0 ENCODING 'UTF8';
SQL
