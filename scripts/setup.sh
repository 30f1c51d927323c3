#!/usr/bin/env bash
# Gets what the tests need and the machine does not have: Chromium, PostgreSQL,
# Node.js and a C compiler (for the race detector) from Debian's packages, and
# the locked JavaScript packages of internal/browsertest/js. It installs when it may (as root, or by sudo without
# a password); when it may not, it says what to run. Where CI is set, or
# LK_TEST_REQUIRE=1, anything missing is an error; else the tests that need it
# are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

required=false
if [ -n "${CI:-}" ] || [ "${LK_TEST_REQUIRE:-}" = 1 ]; then required=true; fi

say() { printf 'setup: %s\n' "$*" >&2; }

has_chromium() {
  local name
  for name in ${LK_TEST_CHROMIUM:-chromium-headless-shell chromium chromium-browser google-chrome}; do
    command -v "$name" >/dev/null && return 0
  done
  return 1
}

# The headless shell is the same Chromium without its windows, and makes the
# tests of pages several times as fast.
knows_shell() { apt-cache show chromium-headless-shell >/dev/null 2>&1; }

has_postgres() {
  [ -n "${LK_TEST_POSTGRES:-}" ] && return 0
  command -v initdb >/dev/null && command -v pg_ctl >/dev/null && return 0
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

has_node() { command -v node >/dev/null && command -v npm >/dev/null; }

has_cc() { command -v "${CC:-gcc}" >/dev/null; }

missing() {
  has_chromium || printf '%s fonts-dejavu-core ' "$(knows_shell && echo chromium-headless-shell || echo chromium)"
  has_postgres || printf 'postgresql postgresql-contrib '
  has_node || printf 'nodejs npm '
  has_cc || printf 'gcc libc6-dev '
}

root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo -n "$@"
  fi
}

may_install() {
  command -v apt-get >/dev/null || return 1
  [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  # The tests start a cluster of their own. One that Debian's package would make
  # and start on the usual port is not wanted on a developer's machine.
  case " $* " in
    *' postgresql '*)
      if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        root mkdir -p /etc/postgresql-common
        printf 'create_main_cluster = false\n' | root tee /etc/postgresql-common/createcluster.conf >/dev/null
      fi ;;
  esac
  root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Options::=--force-confold "$@" >/dev/null
}

if ! command -v go >/dev/null; then
  say "Go is missing: install the version that go.mod names, or newer"
  exit 1
fi

want=$(missing)
if [ -z "${LK_TEST_CHROMIUM:-}" ] && ! command -v chromium-headless-shell >/dev/null && may_install && knows_shell; then
  case "$want" in *chromium*) ;; *) want="${want}chromium-headless-shell " ;; esac
fi
want=${want% }
if [ -n "$want" ]; then
  # The list is split into words on purpose.
  # shellcheck disable=SC2086
  if may_install; then
    say "installing $want"
    install_packages $want || say "apt-get could not install them"
  else
    say "these packages are missing and this user may not install them. Run:"
    say "  sudo apt-get install --no-install-recommends $want"
  fi
fi

js=internal/browsertest/js
lock_current() { [ -e $js/node_modules/.lock ] && cmp -s $js/package-lock.json $js/node_modules/.lock; }
if has_node && ! lock_current; then
  say "fetching the JavaScript packages of the tests"
  if (cd $js && npm ci --silent); then
    cp $js/package-lock.json $js/node_modules/.lock
  else
    say "npm ci failed in $js; the tests of browser pages need the packages that it fetches"
  fi
fi

left=$(missing)
if ! lock_current; then left="$left(npm ci in $js) "; fi
left=${left% }
if [ -n "$left" ]; then
  if $required; then
    say "still missing: $left"
    exit 1
  fi
  say "going on without: $left. The tests that need it are skipped"
fi
