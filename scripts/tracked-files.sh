#!/usr/bin/env bash
# What must not be in the repository: addresses of one registry, and paths of one machine.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if grep -n '"resolved": "http' package-lock.json; then
  echo 'package-lock.json names a registry: npm install --omit-lockfile-registry-resolved' >&2
  exit 1
fi
if git grep -nIE '(^|[^[:alnum:]_.*-])/(home|root|tmp|work|Users)/' -- . ':!package-lock.json'; then
  echo 'a tracked file names a path of one machine' >&2
  exit 1
fi
