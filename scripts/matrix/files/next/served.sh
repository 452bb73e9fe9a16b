#!/usr/bin/env bash
# Starts what `next build` has made and opens it in Chromium.
set -euo pipefail
next start -p "$1" >next.log 2>&1 &
server=$!
trap 'kill $server; cat next.log' EXIT
until grep -q Ready next.log; do kill -0 $server; sleep 0.2; done
node browser.js . "http://localhost:$1/"
