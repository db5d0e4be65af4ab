#!/bin/sh
# Writes .env beside compose.yaml with new passwords and keys, once. Keep a copy of it where backups are not.
set -eu
cd "$(dirname "$0")/.."
[ ! -e .env ] || { echo ".env is there already; nothing was changed." >&2; exit 1; }
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
for name in POSTGRES_PASSWORD SHUKE_OWNER_PASSWORD SHUKE_APP_PASSWORD SHUKE_KEY SHUKE_SECRET_KEY; do
    echo "$name=$(random)"
done > .env
echo "Wrote .env"
