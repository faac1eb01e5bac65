#!/usr/bin/env bash
# Builds imagegw-squash (native/squash) once and prints the path of the program as its last line.
#
# The program is kept under ${IMAGEGW_CACHE:-.cache}/squash/<key>/imagegw-squash, where <key> is the hash of the sources,
# this script and the architecture. With --path nothing is done; it prints where the program is or would be.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${IMAGEGW_CACHE:-$root/.cache}/squash

fail() {
  echo "build-squash: $*" >&2
  exit 1
}

key=$(cd "$root" && { uname -m; LC_ALL=C find native/squash scripts/build-squash.sh -type f ! -name "*.md" | LC_ALL=C sort |
  tr '\n' '\0' | xargs -0 sha256sum; } | sha256sum | cut -c1-32)
program=$cache/$key/imagegw-squash

if [ "${1-}" = --path ] || [ -x "$program" ]; then
  echo "$program"
  exit 0
fi

for tool in cc make; do
  command -v "$tool" >/dev/null || fail "The program \"$tool\" is not installed: apt-get install gcc make libc6-dev."
done
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ ! -x "$program" ]; then
  work=$(mktemp -d "$cache/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  make -s -C "$root/native/squash" OUT="$work/imagegw-squash" >&2 ||
    fail "It could not be built. Its libraries: apt-get install libsquashfs-dev libisal-dev libzstd-dev libssl-dev zlib1g-dev."
  mkdir -p "$cache/$key"
  mv "$work/imagegw-squash" "$program"
fi
echo "$program"
