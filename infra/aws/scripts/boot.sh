#!/bin/bash
# Makes a machine of this cluster out of an empty one, at its first boot and at every one after. Everything that it does
# is checked first, so that a second run changes nothing. /etc/keelson says what this machine is.
set -euo pipefail
umask 077
root=${KEELSON_ROOT:-}
here=$root/usr/local/libexec/keelson
facts=$root/etc/keelson
# shellcheck source=/dev/null
. "$facts/machine.env"
fail() { echo "keelson-boot: $*" >&2; exit 1; }
digest() { sha256sum "$1" | cut -d ' ' -f 1; }

# The cloud controller finds a machine by its private DNS name.
metadata=${KEELSON_METADATA:-http://169.254.169.254/latest}
token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token") || fail "the metadata service gives no token"
name=$(curl -sf -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/local-hostname") || fail "the metadata service does not tell this machine's name"
[ "$(hostname)" = "$name" ] || hostnamectl set-hostname "$name"

mkdir -p "$root/usr/local/bin"
packages=()
while read -r package program; do
  rpm -q "$package" > /dev/null 2>&1 || packages+=("$package")
done < "$facts/packages"
[ "${#packages[@]}" -eq 0 ] || dnf install -y --setopt=install_weak_deps=False "${packages[@]}"
# Units look for programs in one place.
while read -r package program; do
  ln -sfn "/usr/bin/$program" "$root/usr/local/bin/$program"
done < "$facts/packages"

while read -r engine sha256 key; do
  file=$root/usr/local/bin/$engine
  if [ ! -f "$file" ] || [ "$(digest "$file")" != "$sha256" ]; then
    aws s3 cp --only-show-errors --region "$REGION" "s3://$BUNDLE_BUCKET/$key" "$file.part"
    [ "$(digest "$file.part")" = "$sha256" ] || { rm -f "$file.part"; fail "s3://$BUNDLE_BUCKET/$key is not $engine: its SHA-256 is not $sha256"; }
    mv "$file.part" "$file"
  fi
  chmod 0755 "$file"
done < "$facts/engines"

if [ -n "${VOLUME:-}" ]; then
  # The disk of etcd comes after the machine, and stays when it goes.
  device=$root/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME/-/}
  waited=0
  until [ -e "$device" ]; do
    [ "$waited" -lt "${KEELSON_WAIT:-600}" ] || fail "volume $VOLUME was not attached within ten minutes"
    waited=$((waited + 1))
    sleep 1
  done
  # Exit code 2 alone means that nothing is on it: what cannot be read must not be formatted.
  code=0
  blkid -p "$device" > /dev/null || code=$?
  case $code in
    0) ;;
    2)
      mkfs.ext4 -q -L etcd -m 0 "$device"
      # Until the next restart: whoever waits for this host to be healthy must not wait for a first quorum.
      mkdir -p "$root/run/keelson"
      touch "$root/run/keelson/founding"
      ;;
    *) fail "volume $VOLUME cannot be read (blkid: $code); it was left as it is" ;;
  esac
  mkdir -p "$root$VOLUME_PATH"
  mountpoint -q "$root$VOLUME_PATH" || mount -o noatime,nodev,nosuid,noexec "$device" "$root$VOLUME_PATH"
fi

# Once more, on the mounted disk and with what was edited by hand undone.
"$here/lay" < "$root/var/lib/keelson/bundle" > /dev/null
"$here/fetch-secrets" > /dev/null
# What is only just started has read them.
read -r first < "$facts/units"
if ! systemctl is-active --quiet "$first"; then
  rm -f "$root/var/lib/keelson/restart-pending"
  # It started before it could know that routes of Pods are none of its business; now there are none yet to lose.
  systemctl try-restart systemd-networkd.service
fi

sysctl --system > /dev/null
systemctl daemon-reload
systemctl enable --quiet keelson-secrets.timer
systemctl start keelson-secrets.timer
while read -r unit; do
  systemctl start --no-block "$unit"
done < "$facts/units"
