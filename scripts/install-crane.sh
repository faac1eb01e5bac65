#!/usr/bin/env bash
# Puts crane, another registry client, where the tests and the benchmarks compare ours with it: once, with Go, into
# ${IMAGEGW_CACHE:-.cache}/bin. Without it they compare with skopeo alone, and say so.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${IMAGEGW_CACHE:-$PWD/.cache}/bin
if command -v crane >/dev/null 2>&1 || [ -x "$directory/crane" ]; then exit 0; fi
mkdir -p "$directory"
printf 'setup: building crane\n' >&2
GOBIN=$(realpath "$directory") GOFLAGS=-mod=mod timeout 180 go install github.com/google/go-containerregistry/cmd/crane@v0.22.1 >&2 ||
  printf 'setup: crane could not be built; what is compared with it is compared with skopeo alone\n' >&2
