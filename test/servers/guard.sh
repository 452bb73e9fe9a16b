#!/bin/sh
# Outlives the process that started a server, to end that server and to remove its folder: guard.sh <folder> <signal>.
# Its input never brings anything: it ends when the caller closes it, or is gone, killed or not.
folder=$1
signal=$2
read -r _

# Once it has ended, the process that inherited it may take long to notice.
alive() {
  kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null
}

if pid=$(cat "$folder/pid" 2>/dev/null) && kill -s "$signal" "$pid" 2>/dev/null; then
  waited=0
  while alive; do
    waited=$((waited + 1))
    if [ "$waited" -gt 200 ]; then
      kill -s KILL "$pid"
      break
    fi
    sleep 0.05
  done
fi

# A PostgreSQL that was killed leaves a segment of shared memory, and the name of it here.
segment=$(sed -n '7s/.* //p' "$folder/data/postmaster.pid" 2>/dev/null)
if [ -n "$segment" ]; then ipcrm -m "$segment" 2>/dev/null; fi
rm -rf "$folder"
