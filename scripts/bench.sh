#!/usr/bin/env bash
# Prints the performance tables and writes them as JSON under bench/results/.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
bash scripts/install-crane.sh
mkdir -p bench/results
start=$(date +%s%N)
bash scripts/setup.sh
millis=$((($(date +%s%N) - start) / 1000000))
printf 'Set-up when everything is there: %s ms\n' "$millis"
printf '{"setupAgainMs": %s}\n' "$millis" >bench/results/setup.json
npx tsx bench/index-server.ts
npx tsx bench/fetch.ts
