#!/usr/bin/env bash
# Sets up, then runs the tests; arguments go to jest.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
bash scripts/install-crane.sh
exec env NODE_OPTIONS='--experimental-vm-modules --no-warnings' npx jest "$@"
