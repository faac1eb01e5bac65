#!/usr/bin/env bash
# Sets up everything that `npm run demo`, `npm test` and `npm run bench` need. Idempotent: a second run only checks.
# With --check it changes nothing, and fails when npm packages or the compiled gateway are not up to date.
#
#   1. Debian packages, through apt when we are root; otherwise one list of what is missing and how to get it
#   2. npm packages, exactly those of the lock file
#   3. the compiled gateway (dist/)
#   4. imagegw-squash and the embedded index server, built once and cached
set -euo pipefail
cd "$(dirname "$0")/.."
# Where Debian has sshd, which users other than root do not search.
PATH=$PATH:/usr/sbin

# program:package, or file:package for what is compiled against
needed=(
  redis-server:redis-server mksquashfs:squashfs-tools unsquashfs:squashfs-tools sqfs2tar:squashfs-tools-ng
  igzip:isal zstd:zstd docker-registry:docker-registry skopeo:skopeo umoci:umoci buildah:buildah mmdebstrap:mmdebstrap
  htpasswd:apache2-utils openssl:openssl busybox:busybox-static setpriv:util-linux curl:curl flock:util-linux patch:patch
  sshd:openssh-server sftp:openssh-client ip:iproute2 /usr/bin/time:time
  cc:gcc make:make /usr/include/stdio.h:libc6-dev /usr/include/sqfs/super.h:libsquashfs-dev
  /usr/include/isa-l.h:libisal-dev /usr/include/zstd.h:libzstd-dev /usr/include/openssl/evp.h:libssl-dev
  /usr/include/zlib.h:zlib1g-dev
)

missing_packages() {
  local entry
  for entry in "${needed[@]}"; do
    command -v "${entry%%:*}" >/dev/null 2>&1 || [ -f "${entry%%:*}" ] || printf '%s\n' "${entry##*:}"
  done | sort -u
}

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

install_packages() {
  local missing
  missing=$(missing_packages)
  [ -z "$missing" ] && return 0
  # shellcheck disable=SC2086
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    printf 'setup: installing %s\n' "$(tr '\n' ' ' <<<"$missing")" >&2
    export DEBIAN_FRONTEND=noninteractive
    # Services that packages would start are ours to start; the policy keeps apt from doing so.
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >&2 || fail "apt-get could not install: $missing"
    missing=$(missing_packages)
    [ -z "$missing" ] || fail "still missing after the installation: $missing"
  else
    printf 'setup: these Debian packages are missing:\n' >&2
    printf '  %s\n' $missing >&2
    fail "install them (as root: apt-get install $(tr '\n' ' ' <<<"$missing")) and run this again"
  fi
}

check_node() {
  command -v node >/dev/null 2>&1 || fail 'Node.js 20.19 or newer is missing: install it and run this again'
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js $(node --version) is too old: 20.19 or newer is needed"
}

has_npm_packages() { cmp -s package-lock.json node_modules/.imagegw-lock; }

install_npm_packages() {
  has_npm_packages && return 0
  npm ci --no-audit --no-fund >&2
  cp package-lock.json node_modules/.imagegw-lock
}

is_built() {
  [ -f dist/.stamp ] && [ -z "$(find src native/child package.json tsconfig.json tsconfig.build.json scripts/bundle.mjs -newer dist/.stamp -print -quit)" ]
}

build() {
  is_built && return 0
  rm -rf dist
  npm run --silent build >&2
  touch dist/.stamp
}

if [ "${1:-}" = --check ]; then
  has_npm_packages && is_built && exit 0
  fail 'what is installed or built is older than the sources: run `npm run setup`'
fi
install_packages
check_node
install_npm_packages
build
bash scripts/build-squash.sh >/dev/null
bash scripts/build-index-server.sh >/dev/null
