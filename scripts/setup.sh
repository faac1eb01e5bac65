#!/usr/bin/env bash
# Sets up everything that `npm run demo`, `npm test` and `npm run bench` need. Idempotent: a second run only checks.
# With --check it changes nothing, and fails when npm packages or the compiled gateway are not up to date.
#
#   1. one list of all that is missing and how to get it, before anything is done; Debian packages come through apt when we
#      are root
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

# True when a version is another or newer.
is_version() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# What no Debian package of ours brings.
missing_languages() {
  local version needed
  version=$(node --version 2>/dev/null) || version=
  if [ -z "$version" ] || ! is_version 20.19 "${version#v}"; then
    printf 'Node.js 20.19 or newer, with npm (here: %s): https://nodejs.org/\n' "${version:-none}"
  elif ! command -v npm >/dev/null 2>&1; then
    printf 'npm, which comes with Node.js: https://nodejs.org/\n'
  fi
  # Nothing else is written in Go, and this is built once.
  [ -x "$(bash scripts/build-index-server.sh --path)" ] && return 0
  needed=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' embedded/index-server/go.mod)
  version=$(GOTOOLCHAIN=${GOTOOLCHAIN:-local} go env GOVERSION 2>/dev/null) || version=
  if [ -z "$version" ] || ! is_version "$needed" "${version#go}"; then
    printf 'Go %s or newer (here: %s): golang-go of bookworm-backports, or https://go.dev/dl/\n' "$needed" "${version:-none}"
  fi
}

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# Says all that is missing and can't be installed from here, at once.
check_machine() {
  local languages packages=
  languages=$(missing_languages)
  can_install || packages=$(missing_packages)
  [ -z "$languages$packages" ] && return 0
  printf 'setup: this is missing:\n' >&2
  if [ -n "$languages" ]; then sed 's/^/  /' <<<"$languages" >&2; fi
  if [ -n "$packages" ]; then printf '  Debian packages (as root: apt-get install %s)\n' "$(tr '\n' ' ' <<<"$packages" | sed 's/ $//')" >&2; fi
  fail 'nothing has been done; install it and run this again'
}

install_packages() {
  local missing
  missing=$(missing_packages)
  [ -z "$missing" ] && return 0
  printf 'setup: installing %s\n' "$(tr '\n' ' ' <<<"$missing")" >&2
  export DEBIAN_FRONTEND=noninteractive
  # Services that packages would start are ours to start; the policy keeps apt from doing so.
  # shellcheck disable=SC2086
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } >&2 || fail "apt-get could not install: $missing"
  missing=$(missing_packages)
  [ -z "$missing" ] || fail "still missing after the installation: $missing"
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
check_machine
install_packages
install_npm_packages
build
bash scripts/build-squash.sh >/dev/null
bash scripts/build-index-server.sh >/dev/null
