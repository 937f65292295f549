#!/bin/sh
# Installs what the end-to-end tests need and src/engines cannot get: Redis, which is no Go program and has no release
# that runs alone. Does nothing where it is there. Every other engine is fetched or built by the tests themselves.
set -eu

if command -v redis-server >/dev/null; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo 'test/e2e/install.sh: redis-server is missing: install the Debian package redis-server (as root), or Redis 6 or later' >&2
  exit 1
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server
