# Succeeds when this host is a healthy part of the control plane. The next host is replaced only then.
set -eu
tried=1
until /usr/local/libexec/keelson/healthy; do
  [ "$tried" -lt 120 ] || { echo "this host is not healthy after 20 minutes: see journalctl -u keelson-boot" >&2; exit 1; }
  tried=$((tried + 1))
  sleep 10
done
