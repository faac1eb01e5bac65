#!/usr/bin/env bash
# Prints the performance tables and writes them as JSON under bench/results/. Names of benchmarks run those alone.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
bash scripts/install-crane.sh
exec npx tsx bench/run.ts "$@"
