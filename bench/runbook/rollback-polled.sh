#!/usr/bin/env bash
# The runbook with readiness polls in the place of its sleeps: see rollback-as-written.sh.
RUNBOOK_WAIT=poll exec "$(dirname "$0")/rollback-as-written.sh" "$@"
