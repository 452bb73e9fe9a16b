#!/usr/bin/env bash
# Installs the packed tarball into an empty folder, as a user would, and uses it from there:
#   scripts/consumer.sh <tarball> <empty folder>
set -euo pipefail
tarball=$(realpath "$1")
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
node=$project/node_modules/.bin/node

cp "$project"/scripts/consumer/* "$2"
cd "$2"
echo '{ "private": true, "type": "module" }' >package.json
npm install --no-fund --no-audit "$tarball" effection@4.1.1

# Without the optional peers: every entry point must load all the same.
"$node" --input-type=module -e '
  import { readFileSync } from "node:fs"
  const { exports } = JSON.parse(readFileSync("node_modules/taskscope/package.json", "utf8"))
  for (const entry of Object.keys(exports).filter(entry => !entry.endsWith(".json"))) {
    const name = "taskscope" + entry.slice(1)
    console.log("import", name, Object.keys(await import(name)).join(" "))
  }'

"$node" "$project/node_modules/typescript/bin/tsc" -p .
"$node" main.js
