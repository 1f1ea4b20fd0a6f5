#!/bin/bash
# Does what the official postgres image does: on an empty data directory it creates the cluster, the user and the
# database and runs /docker-entrypoint-initdb.d; then the server becomes process 1 as user postgres.
set -euo pipefail

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }

if [ "${1:-postgres}" != postgres ]; then exec "$@"; fi
if [ "$(id -u)" != 0 ]; then as_postgres() { "$@"; }; fi

user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
export HOME=/var/lib/postgresql

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chown postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD to a password for the superuser}"
  password=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
  if [ "$(id -u)" = 0 ]; then chown postgres "$password"; fi
  as_postgres initdb --username="$user" --pwfile="$password" \
    --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --no-sync "$PGDATA" >/dev/null
  rm "$password"
  printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
  # Only on the socket, so that nobody outside finds a half-made database ready.
  as_postgres pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -c fsync=off" -w start >/dev/null
  psql=(as_postgres psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$user")
  if [ "$database" != postgres ]; then
    "${psql[@]}" --dbname postgres -q -v db="$database" <<<'CREATE DATABASE :"db";'
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) if [ -x "$file" ]; then as_postgres "$file"; else as_postgres bash "$file"; fi ;;
      *.sql) "${psql[@]}" -q --dbname "$database" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | "${psql[@]}" -q --dbname "$database" ;;
    esac
  done
  as_postgres pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
  sync -f "$PGDATA"
  echo "PostgreSQL init process complete; ready for start up."
fi

[ $# -gt 0 ] || set -- postgres
if ! grep -q '^listen_addresses' "$PGDATA/postgresql.conf"; then
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
fi
if [ "$(id -u)" = 0 ]; then
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
fi
exec "$@"
