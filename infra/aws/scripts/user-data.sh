# Takes this machine's bundle from the assets bucket, refuses it unless its digest is the one written here, lays its
# files out and lets them do the rest. Runs at the first boot; running it again changes nothing.
umask 077
root=${KEELSON_ROOT:-}
folder=$root/var/lib/keelson
bundle=$folder/bundle
program=$root/usr/local/libexec/keelson
mkdir -p "$folder" "$program"

whole() { [ -f "$bundle" ] && echo "$BUNDLE_SHA256  $bundle" | sha256sum --check --status; }
tried=1
until whole; do
  # The endpoint and the role's credentials may need some seconds after a machine's start.
  if aws s3 cp --only-show-errors --region "$REGION" "s3://$BUNDLE_BUCKET/$BUNDLE_KEY" "$bundle.part"; then
    mv "$bundle.part" "$bundle"
    whole && break
    rm -f "$bundle"
    echo "keelson: s3://$BUNDLE_BUCKET/$BUNDLE_KEY is not what this machine was told to run: its SHA-256 is not $BUNDLE_SHA256" >&2
    exit 1
  fi
  [ "$tried" -lt "${KEELSON_TRIES:-60}" ] || { echo "keelson: s3://$BUNDLE_BUCKET/$BUNDLE_KEY cannot be fetched" >&2; exit 1; }
  tried=$((tried + 1))
  sleep 5
done

cat > "$program/lay.part" <<'LAY'
@LAY@
LAY
chmod 0700 "$program/lay.part"
mv "$program/lay.part" "$program/lay"
"$program/lay" < "$bundle" > /dev/null
# From here on systemd tries again what fails.
systemctl daemon-reload
systemctl enable --quiet keelson-boot.service
systemctl start --no-block keelson-boot.service
