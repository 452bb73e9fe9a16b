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

# Without the optional peers: every entry point must load all the same, but the one that is about its peer.
"$node" --input-type=module -e '
  import { readFileSync } from "node:fs"
  const { exports } = JSON.parse(readFileSync("node_modules/taskscope/package.json", "utf8"))
  for (const entry of Object.keys(exports).filter(entry => !/\.json$|-entry$|otel$/.test(entry))) {
    const name = "taskscope" + entry.slice(1)
    console.log("import", name, Object.keys(await import(name)).join(" "))
  }'

# The command, without the optional peers as well: it says what is missing.
command_line() {
  local expected=$1 pattern=$2 output status=0
  shift 2
  output=$(npx --no-install --loglevel=silent taskscope "$@" 2>&1) || status=$?
  echo "taskscope $* -> $status: ${output%%$'\n'*}"
  [[ $status == "$expected" && $output == $pattern ]]
}
echo 'export const square = x => x * x' >tasks.mjs
command_line 0 "$("$node" -p 'require("taskscope/package.json").version')" --version
command_line 0 'Usage: taskscope serve *' --help
command_line 2 "taskscope: Unknown option '--what' (--help says more)" serve ./tasks.mjs --what
command_line 1 '*npm install bullmq*' serve ./tasks.mjs --queue q --redis redis://127.0.0.1:1

"$node" "$project/node_modules/typescript/bin/tsc" -p .
"$node" main.js

# The inspector in servers that are no dependency of ours.
npm install --no-fund --no-audit express@5.3.0 fastify@5.12.8
"$node" mounted.mjs
