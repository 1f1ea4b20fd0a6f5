# Sourced by the launch scripts. Sets ROLLBACK_HOME (the distribution) and JAVA (a java of version 25 or newer).
# shellcheck shell=bash

# The scripts resolve links before they name this file. No process is started for what bash can do: it would be felt.
bin=${BASH_SOURCE[0]%/*}
program=${0##*/}

if [ -d "$bin/../lib" ]; then
  ROLLBACK_HOME=${bin%/*}
  find_jdk="$bin/find-jdk"
else
  # A checkout: the programs are where the build puts them.
  ROLLBACK_HOME=${bin%/*}/standalone/target/rollback
  find_jdk="$bin/../scripts/find-jdk"
  if [ ! -d "$ROLLBACK_HOME/lib" ]; then
    echo "$program: error: nothing is built here: run \`make build\` first" >&2
    exit 1
  fi
fi

JAVA_HOME=$("$find_jdk" --jre) || exit 1
export JAVA_HOME
JAVA="$JAVA_HOME/bin/java"

# Java takes the names of files for what the locale says, and under systemd or cron there is none.
case "${LC_ALL:-${LC_CTYPE:-${LANG:-}}}" in
  *[Uu][Tt][Ff]8* | *[Uu][Tt][Ff]-8*) ;;
  *) export LC_ALL=C.UTF-8 ;;
esac

# jar_of MODULE : the module's jar, which names in its manifest the jars beside it that it needs.
jar_of() {
  local jars=("$ROLLBACK_HOME/lib/$1"-[0-9]*.jar)
  if [ ! -f "${jars[0]}" ]; then
    echo "$program: error: $ROLLBACK_HOME/lib has no $1: run \`make build\` again" >&2
    exit 1
  fi
  echo "${jars[0]}"
}

# Native code and Unsafe inside Kafka's compression are known and wanted: no warnings about them.
quiet=(--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow)

# What train-startup recorded of this program, if it did. Of another Java or other jars it is ignored without a word.
cache="$ROLLBACK_HOME/aot/${program#rollback-}.aot"
startup=()
if [ -f "$cache" ] && [ "${ROLLBACK_AOT:-yes}" = yes ]; then
  startup=("-XX:AOTCache=$cache" -Xlog:aot*=off -Xlog:cds*=off)
fi
read -ra extra <<<"${JAVA_OPTS:-}"
