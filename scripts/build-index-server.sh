#!/usr/bin/env bash
# Builds the index server (embedded/index-server) once and prints the path of the program as its last line.
#
# The program is kept under ${IMAGEGW_CACHE:-.cache}/index-server/<key>/imagegw-index, where <key> is the hash of the
# sources, the patches, this script and the architecture: while none of them changes, nothing is done.
# With --test the Go tests run too. With --path nothing is done; it prints where
# the program is or would be.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sources=$root/embedded/index-server
cache=${IMAGEGW_CACHE:-$root/.cache}/index-server

fail() {
  echo "build-index-server: $*" >&2
  exit 1
}

# Names and contents, in a fixed order.
key=$(cd "$root" && { uname -m; LC_ALL=C find embedded/index-server scripts/build-index-server.sh -type f \
  \( -name '*.go' -o -name 'go.*' -o -name '*.patch' -o -name '*.sh' \) -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; } |
  sha256sum | cut -c1-32)
target=$cache/$key
program=$target/imagegw-index

if [ "${1-}" = --path ]; then
  echo "$program"
  exit 0
fi
run_tests=false
[ "${1-}" = --test ] && run_tests=true
if [ -x "$program" ] && ! $run_tests; then
  echo "$program"
  exit 0
fi

command -v go >/dev/null || fail "Go is not installed or not on PATH. The index server needs Go 1.24 or newer:" \
  "install it (Debian 12: apt-get install -t bookworm-backports golang-go, or https://go.dev/dl), or set MONGODB_URI to a MongoDB."
command -v patch >/dev/null || fail "The program \"patch\" is not installed: apt-get install patch."

mkdir -p "$cache"
# Two builds at once would do the same work twice; the second waits and finds it done.
exec 9>"$cache/lock"
flock 9
if [ -x "$program" ] && ! $run_tests; then
  echo "$program"
  exit 0
fi

work=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
export CGO_ENABLED=0 GOFLAGS='-mod=readonly -buildvcs=false' GOWORK=off GOTOOLCHAIN=${GOTOOLCHAIN:-local}

# The copy is built under `replace`, which go.sum does not cover: its checksum is held here.
version=v1.24.2
checksum=h1:trrUU0LbmusMbyubhPS1IELncvrIwKrsRT2LW1UUWCw=
download=$(cd "$work" && go mod download -json "github.com/FerretDB/FerretDB@$version") ||
  fail "The Go module github.com/FerretDB/FerretDB $version could not be fetched (is a Go module proxy reachable? GOPROXY=$(go env GOPROXY)): $download"
field() { sed -n "s/^[[:space:]]*\"$1\": \"\(.*\)\",\{0,1\}$/\1/p" <<<"$download"; }
[ "$(field Sum)" = "$checksum" ] || fail "The Go module github.com/FerretDB/FerretDB $version is not the one this was made for: checksum $(field Sum), expected $checksum."
module=$(field Dir)
# Files of the module cache are read-only.
cp -r "$module" "$work/ferretdb"
chmod -R u+w "$work/ferretdb"
for file in "$sources"/patches/*.patch; do
  patch --quiet --fuzz=0 --no-backup-if-mismatch -p1 -d "$work/ferretdb" <"$file" >&2 || fail "$file does not fit FerretDB $version."
done

cp "$sources"/*.go "$sources"/go.* "$work"
cd "$work"
if $run_tests; then
  go vet . >&2
  go test . >&2
fi
go build -trimpath -ldflags='-s -w' -o imagegw-index . >&2
mkdir -p "$target"
mv imagegw-index "$program"
echo "$program"
