#!/bin/sh
# Runs a program as root of a machine of its own: namespaces for its processes, its network and its files.
# Arguments: the program and its arguments. Ends with everything that it started.
set -eu
folders='/etc/kubernetes /etc/etcd /etc/containerd /etc/sysctl.d /etc/systemd /usr/local/libexec
  /var/lib/etcd /var/lib/keelson /var/lib/kubelet /var/lib/containerd /var/log/kubernetes /run/keelson'
if [ "${1:-}" != --inside ]; then
  made=
  for folder in $folders; do
    [ -d "$folder" ] || made="$folder $made"
    mkdir -p "$folder"
  done
  # Folders to mount on, where the machine had none; they stay empty.
  trap 'for folder in $made; do rmdir "$folder"; done' EXIT
  unshare --net --mount --pid --fork --kill-child --mount-proc "$0" --inside "$@"
  exit
fi
shift
ip link set lo up
mount --make-rprivate /
for folder in $folders; do
  mount -t tmpfs tmpfs "$folder"
done
# The user `etcd`, whether the machine has one or not.
accounts=/var/lib/keelson
grep -v '^etcd:' /etc/passwd > "$accounts/passwd"
grep -v '^etcd:' /etc/group > "$accounts/group"
echo 'etcd:x:990:990::/nonexistent:/usr/sbin/nologin' >> "$accounts/passwd"
echo 'etcd:x:990:' >> "$accounts/group"
mount --bind "$accounts/passwd" /etc/passwd
mount --bind "$accounts/group" /etc/group
# What is laid out elsewhere would be laid out on the real machine.
export MACHINE_FOLDERS="$folders"
exec "$@"
