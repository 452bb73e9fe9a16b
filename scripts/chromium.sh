#!/usr/bin/env bash
# Installs the Chromium of Debian for the tests of pages, where it is missing.
set -euo pipefail

if command -v chromium >/dev/null; then exit; fi

fail() {
  echo "chromium is missing for the tests; $1" >&2
  exit 1
}

command -v apt-get >/dev/null || fail 'there is no apt-get here: install it by hand'
as_root=()
if [[ $(id -u) != 0 ]]; then
  sudo -n true 2>/dev/null || fail 'install it as root, there is no sudo without a password'
  as_root=(sudo -n)
fi

# A list that can't be renewed may still do.
"${as_root[@]}" apt-get update || true
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium ||
  fail 'apt-get could not install it'
