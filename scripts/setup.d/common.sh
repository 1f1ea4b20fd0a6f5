# shellcheck shell=bash
# Shared by the set-up scripts: messages, apt, and where state and caches live.

ROLLBACK_STATE="${XDG_STATE_HOME:-$HOME/.local/state}/rollback"
# shellcheck disable=SC2034  # used by the scripts that source this file
ROLLBACK_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/rollback"

say() { printf '%s: %s\n' "${0##*/}" "$*"; }

# Says what to do, then ends with exit code 1.
die() {
  printf '%s: error: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Seconds since the epoch with a fraction, for "took 4.1 s".
now() { date +%s.%N; }
took() { awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f s", b - a }'; }

# apt_install PACKAGE... : installs Debian packages without what they merely recommend.
apt_install() {
  have apt-get || die "install $* with your package manager, then run this again (no apt-get here)"
  [ "$(id -u)" = 0 ] || die "run this as root, or install: apt-get install $*"
  mkdir -p "$ROLLBACK_STATE"
  local log="$ROLLBACK_STATE/apt.log"
  apt_refresh
  # Slim Debian images lack this directory, and Java packages fail to install without it.
  mkdir -p /usr/share/man/man1
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$log" 2>&1 </dev/null || {
    tail -n 5 "$log" >&2
    die "apt-get install $* failed: see $log"
  }
}

# Package lists are fetched once a run; unset ROLLBACK_APT_FRESH when the sources changed.
apt_refresh() {
  if [ -n "${ROLLBACK_APT_FRESH:-}" ]; then return 0; fi
  apt-get update -qq >/dev/null 2>&1 || say "apt-get update failed: going on with the package lists that are here"
  export ROLLBACK_APT_FRESH=yes
}

# True where apt knows a version of the package that it may install.
apt_knows() {
  local candidate
  candidate=$(apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p')
  [ -n "$candidate" ] && [ "$candidate" != "(none)" ]
}

# The machine's own Debian archive, so that no mirror is named in this repository.
debian_archive() {
  # shellcheck disable=SC2016  # the fields are apt's
  apt-get indextargets --format '$(LABEL)|$(SITE)' 'Created-By: Packages' 2>/dev/null |
    sed -n '/^Debian|/{s///;s#/$##;p;q}'
}

# shellcheck disable=SC2034  # used by the scripts that source this file
DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
