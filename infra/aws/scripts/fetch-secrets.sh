#!/bin/bash
# Writes the files of this machine that Pulumi must not see. A control-plane host reads its own secret and nobody
# else's; a machine of a pool reads what it may trust, which is public. Prints the paths that changed. With --restart
# it starts anew what reads one of them at its start only, one unit after the other.
set -euo pipefail
umask 077
root=${KEELSON_ROOT:-}
here=$root/usr/local/libexec/keelson
facts=$root/etc/keelson
# shellcheck source=/dev/null
. "$facts/machine.env"
work=$(mktemp -d "$root/run/keelson-secrets.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() { echo "fetch-secrets: $*" >&2; exit 1; }

if [ -n "${SECRET_ID:-}" ]; then
  aws secretsmanager get-secret-value --region "$REGION" --secret-id "$SECRET_ID" --query SecretBinary --output text > "$work/answer"
  base64 -d "$work/answer" | gunzip > "$work/entries" || fail "secret $SECRET_ID is damaged; run \`pulumi up\`, which writes it anew"
else
  # One text for every file: which authorities sign for API servers.
  aws ssm get-parameter --region "$REGION" --name "$TRUST_PARAMETER" --query Parameter.Value --output text > "$work/answer"
  grep -q 'BEGIN CERTIFICATE' "$work/answer" || fail "parameter $TRUST_PARAMETER holds no certificate; a control-plane host writes it at its start"
  while read -r _ _ path; do echo "$path $(base64 -w 0 "$work/answer")"; done < "$facts/materials" > "$work/entries"
fi

# Nothing is written unless everything is there.
: > "$work/lines"
while read -r mode owner path; do
  content=$(awk -v path="$path" '$1 == path { print $2 }' "$work/entries")
  [ -n "$content" ] || fail "nothing is there for $path; run \`pulumi up\`, which writes this machine's secret anew"
  printf 'F %s %s %s %s\n' "$mode" "$owner" "$path" "$content" >> "$work/lines"
done < "$facts/materials"
"$here/lay" < "$work/lines" > "$work/changed"
cat "$work/changed"

if [ -n "${TRUST_FILE:-}" ]; then
  # So that machines of the pools know whom to trust, without a secret of their own.
  known=$(aws ssm get-parameter --region "$REGION" --name "$TRUST_PARAMETER" --query Parameter.Value --output text)
  [ "$known" = "$(cat "$root$TRUST_FILE")" ] ||
    aws ssm put-parameter --region "$REGION" --name "$TRUST_PARAMETER" --value "file://$root$TRUST_FILE" --type String --overwrite > /dev/null
fi

# Kept until it is done: a host that has to wait for others must not forget.
pending=$root/var/lib/keelson/restart-pending
cat "$work/changed" >> "$pending"
[ "${1:-}" = --restart ] || exit 0
[ -s "$pending" ] || exit 0
if [ -x "$here/peers" ]; then
  "$here/peers" || fail "not every member of etcd is well: nothing is started anew before they are"
fi
while read -r unit; do
  systemctl try-restart "$unit"
done < <(awk 'NR == FNR { changed[$1] = 1; next } $2 in changed && !seen[$1]++ { print $1 }' "$pending" "$facts/restarts")
tried=1
until "$here/healthy"; do
  [ "$tried" -lt "${KEELSON_TRIES:-60}" ] || fail "this host is not well with its new keys: the others keep their old ones"
  tried=$((tried + 1))
  sleep "${KEELSON_PAUSE:-5}"
done
rm -f "$pending"
