#!/bin/bash
# Reads lines `D mode owner path` and `F mode owner path base64`, and makes it so. Prints the path of each file whose
# content changed. A file is replaced in one step; what is right already is not touched.
set -euo pipefail
umask 077
root=${KEELSON_ROOT:-}
# etcd's own port: beyond the numbers that a distribution gives out, and easy to know again.
OWNER_ID=2379
fail() { echo "lay: $*" >&2; exit 1; }

while read -r kind mode owner path content; do
  case $path in
    /*) ;;
    *) fail "'$path' is not an absolute path" ;;
  esac
  case /$path/ in
    */../* | */./*) fail "'$path' leads elsewhere" ;;
  esac
  if [ "$owner" != root ] && ! id -u "$owner" > /dev/null 2>&1; then
    # The disk of etcd goes from machine to machine, and knows its owner by number.
    useradd --system --user-group --uid "$OWNER_ID" --no-create-home --shell /sbin/nologin "$owner"
  fi
  target=$root$path
  case $kind in
    D)
      mkdir -p "$target"
      chmod "$mode" "$target"
      chown "$owner:$owner" "$target"
      ;;
    F)
      if [ "$(stat -c '0%a %U' "$target" 2> /dev/null)" = "$mode $owner" ] && base64 -d <<< "${content:-}" | cmp -s - "$target"; then
        continue
      fi
      mkdir -p "${target%/*}"
      new=$(mktemp "$target.XXXXXX")
      base64 -d <<< "${content:-}" > "$new" || { rm -f "$new"; fail "$path: its content is damaged"; }
      chmod "$mode" "$new"
      chown "$owner:$owner" "$new"
      if [ -f "$target" ] && cmp -s "$new" "$target"; then
        if [ "$(stat -c '%a %U' "$target")" = "$(stat -c '%a %U' "$new")" ]; then rm -f "$new"; else mv -f "$new" "$target"; fi
      else
        mv -f "$new" "$target"
        echo "$path"
      fi
      ;;
    *) fail "a line begins with '$kind', which is neither D nor F" ;;
  esac
done
