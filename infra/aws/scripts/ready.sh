# Succeeds when this host is a healthy part of the control plane: the next one is replaced only then.
set -eu
root=${KEELSON_ROOT:-}
if [ -n "$FOUNDING" ] && [ -e "$root$FOUNDING" ]; then
  echo "this host's disk was empty: it waits for the others"
  exit 0
fi
tried=1
until "$root/usr/local/libexec/keelson/healthy"; do
  [ "$tried" -lt "${KEELSON_TRIES:-120}" ] || { echo "this host is not healthy after 20 minutes: see journalctl -u keelson-boot" >&2; exit 1; }
  tried=$((tried + 1))
  sleep "${KEELSON_PAUSE:-10}"
done
