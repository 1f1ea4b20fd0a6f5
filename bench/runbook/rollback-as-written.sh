#!/usr/bin/env bash
# The runbook's phases 1 to 6, command for command, on the platform in the current directory: a peer to measure against.
# Differs from the text only where it cannot run unattended: "docker compose" for docker-compose, exec -T, ports from
# .env, and "git stash -u" before a checkout that git refuses over uncommitted changes.
# RUNBOOK_WAIT=poll replaces its two sleeps by readiness polls (rollback-polled.sh). Exit code 1: a check failed at the end.
set -uo pipefail

TAG=graveyard/pre-reset
# shellcheck source=/dev/null
set -a && . ./.env && set +a
KB="http://localhost:${KB_PORT:-8000}"
MLX="http://localhost:${MLX_PORT:-8001}"
API="http://localhost:${API_PORT:-8080}"
CASTLE="http://localhost:${CASTLE_PORT:-3000}"

failed=0
check() { "$@" || { echo "FAILED: $*" >&2; failed=1; }; }

# poll SECONDS COMMAND... : runs the command until it succeeds.
poll() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.2
  done
}

# shellcheck disable=SC2317  # called through check and poll
database_ready() { docker compose exec -T postgres pg_isready -U freedom -d freedom_kb; }

# Phase 1: emergency assessment
make health
docker compose ps
git tag --list | grep "$TAG" || { echo "no tag $TAG here" >&2; exit 1; }
git show "$TAG" --stat
BACKUP_TIMESTAMP=$(date +%Y%m%d_%H%M%S)
BACKUP_DIR="${BACKUP_ROOT:-/tmp}/freedom-backup-${BACKUP_TIMESTAMP}"
mkdir -p "$BACKUP_DIR" || exit 1
git log --oneline -10 >"$BACKUP_DIR/current-state.log"
docker compose ps >"$BACKUP_DIR/docker-state.log"

# Phase 2: data backup and preservation
docker compose exec -T postgres pg_dump -U freedom freedom_kb >"$BACKUP_DIR/freedom_kb_backup.sql" || exit 1
wc -l "$BACKUP_DIR/freedom_kb_backup.sql"
head -20 "$BACKUP_DIR/freedom_kb_backup.sql"
cp docker-compose.yml "$BACKUP_DIR/docker-compose.yml.backup"
cp .env "$BACKUP_DIR/.env.backup" 2>/dev/null || echo "No .env file found"
cp -r config/ "$BACKUP_DIR/config/" 2>/dev/null || echo "No config directory found"
find . -name "*.py" -newer ".git/refs/tags/$TAG" -type f -exec cp {} "$BACKUP_DIR/" \;
if [ -d models/ ]; then
  tar -czf "$BACKUP_DIR/models_backup.tar.gz" models/
fi
docker compose exec -T kb-service ls -la /app/data 2>/dev/null &&
  docker cp "$(docker compose ps -q kb-service):/app/data" "$BACKUP_DIR/kb_data" ||
  echo "No additional KB data directory found"
echo "Backup created at: $BACKUP_DIR"
echo "Backup size: $(du -sh "$BACKUP_DIR")"

# Phase 3: service shutdown
docker compose down
docker compose ps
docker ps -a | grep freedom
docker compose down --remove-orphans
docker image prune -f

# Phase 4: git rollback
git checkout "$TAG" || { git stash -u && git checkout "$TAG"; } || exit 1
git describe --tags
git status
ls -la
check test -f docker-compose.yml
check test -f Makefile
check test -d services/
if [ -f "$BACKUP_DIR/.env.backup" ]; then
  cp "$BACKUP_DIR/.env.backup" .env
fi
grep -qE "(OPENAI_API_KEY|FREEDOM_API_KEY)" .env || echo "Check API key configuration"

# Phase 5: service recovery
docker compose up -d postgres
if [ "${RUNBOOK_WAIT:-sleep}" = poll ]; then poll 120 database_ready; else sleep 30; fi
check database_ready
if [ -f "$BACKUP_DIR/freedom_kb_backup.sql" ]; then
  docker compose exec -T postgres psql -U freedom -d freedom_kb <"$BACKUP_DIR/freedom_kb_backup.sql"
fi
docker compose build
docker compose up -d
if [ "${RUNBOOK_WAIT:-sleep}" = poll ]; then
  poll 120 make health
else
  docker compose logs -f &
  LOGS_PID=$!
  sleep 60
  kill "$LOGS_PID"
fi
check make health
check curl -fsS "$API/health"
check curl -fsS -o /dev/null "$KB/docs"
check curl -fsS -o /dev/null "$CASTLE"
check database_ready

# Phase 6: data integrity validation
check docker compose exec -T postgres psql -U freedom -d freedom_kb -c '\dt'
check docker compose exec -T postgres psql -U freedom -d freedom_kb -c "
  SELECT COUNT(*) as total_documents FROM documents;
  SELECT COUNT(*) as total_vectors FROM vectors;
"
check curl -fsS -X GET "$KB/documents/count"
check curl -fsS -X POST "$MLX/v1/chat/completions" -H "Content-Type: application/json" -d '{
  "messages": [{"role": "user", "content": "System test - please respond briefly."}], "max_tokens": 20}'
check curl -fsS -X POST "$API/v1/query" -H "Content-Type: application/json" \
  -H "Authorization: Bearer ${FREEDOM_API_KEY:-dev-key-change-in-production}" \
  -d '{"query": "System status check", "max_tokens": 50}'

exit "$failed"
