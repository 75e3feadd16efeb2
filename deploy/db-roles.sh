#!/bin/sh
# Run once by the database image, before the first migration: the API signs in as itself, never as the owner (law 10).
# The migrations find the role and give it its grants.
set -eu
psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
    --set=password="$(cat /run/secrets/db_api_password)" <<'SQL'
create role merkez_api login noinherit password :'password';
SQL
