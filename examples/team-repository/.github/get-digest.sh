#!/bin/sh
# Prints the digest of the image that an environment runs: get-digest.sh ENVIRONMENT
set -eu
cd "$(dirname "$0")/../deploy/$1"
found=$(grep -rhoE 'sha256:[0-9a-f]{64}' . | sort -u)
[ "$(echo "$found" | grep -c .)" -eq 1 ] || {
  echo "deploy/$1 does not name one digest" >&2
  exit 1
}
echo "$found"
