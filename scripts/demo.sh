#!/usr/bin/env bash
# One real pull, end to end, on this machine: sets up, starts everything, pulls, shows progress, and ends with
# `READY <imageId> <path of the squashfs>`.
#
#   npm run demo              Docker Hub's alpine:latest, or where Docker Hub can't be reached an image that is built
#                             here from Debian's busybox-static and served by Debian's docker-registry on the loopback
#   npm run demo -- IMAGE     that image
#
# State is kept in ${IMAGEGW_STATE:-./imagegw-demo}, so that a second run finds its layers in the cache.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf 'demo: %s\n' "$*" >&2; }

bash scripts/setup.sh
state=$(realpath -m "${IMAGEGW_STATE:-imagegw-demo}")
mkdir -p "$state/images"
work=$(mktemp -d)
children=()
cleanup() {
  local pid
  for pid in "${children[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Waits for the first line of a file that matches a pattern, as long as the process lives.
await_line() {
  local file=$1 pattern=$2 pid=$3
  until grep -m1 -E "$pattern" "$file" 2>/dev/null; do
    kill -0 "$pid" 2>/dev/null || { cat "$file" >&2; return 1; }
    sleep 0.05
  done
}

free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }

write_config() {
  cat >"$work/imagemanager.json" <<JSON
{
  "Platforms": { "demo": { "accesstype": "local", "local": { "imageDir": "$state/images" } } },
  "Locations": { $1 },
  "DefaultImageLocation": "index.docker.io",
  "DefaultImageFormat": "squashfs",
  "CacheDirectory": "$state/cache",
  "ExpandDirectory": "$state/expand",
  "StateDirectory": "$state",
  "Authentication": "none",
  "LogLevel": "error"
}
JSON
}

hub='"index.docker.io": { "remotetype": "dockerv2", "url": "https://registry-1.docker.io" }'
image=${1:-}
host=${image%%/*}
if [[ $image == */* && ( $host == *[.:]* || $host == localhost ) && $host != *docker.io ]]; then
  # A registry of its own, by its host, as Docker tells one; plain http on this machine only.
  scheme=https
  [[ $host =~ ^(localhost|127\.[0-9.]+)(:|$) ]] && scheme=http
  say "pulling $image from $scheme://$host"
  write_config "$hub, \"$host\": { \"remotetype\": \"dockerv2\", \"url\": \"$scheme://$host\" }"
elif [ -n "$image" ]; then
  say "pulling $image from Docker Hub"
  write_config "$hub"
elif curl --silent --output /dev/null --max-time 5 https://registry-1.docker.io/v2/; then
  image=alpine:latest
  say "Docker Hub answers: pulling alpine:latest from it"
  write_config "$hub"
else
  say 'Docker Hub does not answer: building an image from busybox-static with umoci, and serving it with docker-registry on the loopback'
  port=$(free_port)
  umoci init --layout "$work/oci" >/dev/null
  umoci new --image "$work/oci:demo" >/dev/null
  for layer in base applets motd; do
    mkdir -p "$work/$layer"
  done
  mkdir -p "$work/base/bin" "$work/base/etc" "$work/base/tmp"
  cp "$(command -v busybox)" "$work/base/bin/busybox"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$work/base/etc/passwd"
  for applet in sh ls cat echo; do ln -s busybox "$work/applets/$applet"; done
  echo 'Made by the demo of the image gateway.' >"$work/motd/motd"
  umoci insert --image "$work/oci:demo" "$work/base/bin" /bin >/dev/null 2>&1
  umoci insert --image "$work/oci:demo" "$work/base/etc" /etc >/dev/null 2>&1
  for applet in sh ls cat echo; do umoci insert --image "$work/oci:demo" "$work/applets/$applet" "/bin/$applet" >/dev/null 2>&1; done
  umoci insert --image "$work/oci:demo" "$work/motd/motd" /etc/motd >/dev/null 2>&1
  umoci config --image "$work/oci:demo" --config.cmd /bin/sh --config.env PATH=/bin >/dev/null 2>&1
  cat >"$work/registry.yml" <<YAML
version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: $work/registry } }
http: { addr: 127.0.0.1:$port }
YAML
  docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
  children+=($!)
  until curl --silent --output /dev/null "http://127.0.0.1:$port/v2/"; do
    kill -0 "${children[0]}" 2>/dev/null || { cat "$work/registry.log" >&2; exit 1; }
    sleep 0.05
  done
  skopeo copy --quiet --dest-tls-verify=false "oci:$work/oci:demo" "docker://127.0.0.1:$port/demo/busybox:latest"
  image=local/demo/busybox:latest
  write_config "$hub, \"local\": { \"remotetype\": \"dockerv2\", \"url\": \"http://127.0.0.1:$port\" }"
fi

dist/imagegw/main.js up --config "$work/imagemanager.json" --port 0 --state "$state" >"$work/up.out" 2>"$work/up.log" &
gateway=$!
children+=("$gateway")
url=$(await_line "$work/up.out" '^listening ' "$gateway" | cut -d' ' -f2) || { cat "$work/up.log" >&2; exit 1; }
say "the gateway listens on $url"
status=0
dist/imagegw/main.js --url "$url" pull demo "$image" || status=$?
if [ "$status" != 0 ]; then tail -n 20 "$work/up.log" >&2; fi
kill "$gateway" 2>/dev/null || true
wait "$gateway" 2>/dev/null || true
exit "$status"
