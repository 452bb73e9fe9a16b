#!/usr/bin/env bash
# Installs what tests need to start a Redis and a PostgreSQL, and Prometheus for its promtool, from Debian's packages, where it is missing.
# Services need not run: tests start what does not answer.
set -euo pipefail

has_redis() {
  command -v redis-server >/dev/null
}

has_postgres() {
  if command -v initdb >/dev/null && command -v postgres >/dev/null; then return; fi
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

has_promtool() {
  command -v promtool >/dev/null
}

missing=()
has_redis || missing+=(redis-server)
has_postgres || missing+=(postgresql)
has_promtool || missing+=(prometheus)
if [[ ${#missing[@]} == 0 ]]; then exit; fi

fail() {
  echo "missing for the tests: ${missing[*]}; $1" >&2
  exit 1
}

command -v apt-get >/dev/null || fail 'there is no apt-get here: install them by hand'
as_root=()
if [[ $(id -u) != 0 ]]; then
  sudo -n true 2>/dev/null || fail 'install them as root, there is no sudo without a password'
  as_root=(sudo -n)
fi

# A list that can't be renewed may still do.
"${as_root[@]}" apt-get update || true
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" ||
  fail 'apt-get could not install them'
has_redis && has_postgres && has_promtool || fail 'they are still not found after their installation'
