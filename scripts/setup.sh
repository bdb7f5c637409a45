#!/usr/bin/env bash
# Prepares this machine: setup.sh run (what `make run` needs), setup.sh check or setup.sh test (what these need besides).
# Idempotent, and quick when nothing is missing. As root it installs; otherwise it prints the command and exits with 1.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly min_postgres=15
readonly min_rust=1.95.0
readonly tools=target/tools
# Tells Debian's packages not to make and start a database server of their own: Vigie runs its own, see install().
readonly no_cluster=/etc/postgresql-common/createcluster.d/vigie-setup.conf

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# --- what is there -----------------------------------------------------------

check_rust() {
  local version
  version=$(cargo --version 2>/dev/null | cut -d' ' -f2) || true
  if [ -z "$version" ]; then
    die "Rust is missing. Install it as yourself (no root needed), then run make again:
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"
  fi
  if [ "$(printf '%s\n' "$min_rust" "${version%%-*}" | sort -V | head -n 1)" != "$min_rust" ]; then
    die "cargo $version is too old, Vigie needs Rust $min_rust or later. With rustup from https://rustup.rs the
version in rust-toolchain.toml is fetched by itself; a distribution's own cargo is usually older."
  fi
}

# Prints the newest installed PostgreSQL server that is recent enough, as "major yes" or "major no" (has PostGIS).
# The program looks in the same places: server/src/db/embedded/binaries.rs.
postgres_server() {
  local bin major best='' share
  for bin in /usr/lib/postgresql/*/bin; do
    major=${bin#/usr/lib/postgresql/}; major=${major%/bin}
    case $major in '' | *[!0-9]*) continue ;; esac
    [ -x "$bin/postgres" ] && [ -x "$bin/initdb" ] && [ "$major" -ge "$min_postgres" ] || continue
    if [ -e "/usr/share/postgresql/$major/extension/postgis.control" ]; then
      echo "$major yes"
      return
    fi
    best="$major no"
  done
  if share=$(pg_config --sharedir 2>/dev/null) && [ -x "$(pg_config --bindir)/postgres" ]; then
    major=$(pg_config --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
    if [ "$major" -ge "$min_postgres" ] && [ -e "$share/extension/postgis.control" ]; then
      echo "$major yes"
      return
    fi
  fi
  echo "$best"
}

stamp() { cat "$@" | cksum; }
python_stamp() { stamp tests/tools/requirements.txt tests/tools/constraints.txt; }
node_stamp() { stamp tests/tools/package.json tests/tools/package-lock.json; }
python_ready() { [ "$(cat "$tools/py/.stamp" 2>/dev/null)" = "$(python_stamp)" ]; }
node_ready() { [ "$(cat "$tools/node/.stamp" 2>/dev/null)" = "$(node_stamp)" ]; }

satisfied() {
  local name
  case $1 in
    cmd:*)
      while read -r -d '|' name; do command -v "$name" >/dev/null && return; done <<<"${1#cmd:}|"
      return 1
      ;;
    pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null ;;
    file:*) [ -e "${1#file:}" ] ;;
    postgis) [[ $(postgres_server) == *yes ]] ;;
    python) python_ready || python3 -c 'import ensurepip, venv' 2>/dev/null ;;
    node) node_ready || command -v npm >/dev/null ;;
    *) die "scripts/apt-packages.txt: unknown check $1" ;;
  esac
}

# Prints the packages of the profiles given whose check fails.
missing_packages() {
  local profile check package _
  while read -r profile check package _; do
    case $profile in '' | '#'*) continue ;; esac
    [[ " $* " == *" $profile "* ]] || continue
    # Whoever runs with a database of their own needs no server here.
    if [ "$check" = postgis ] && [ "$*" = run ] && [ -n "${DATABASE_URL:-}" ]; then continue; fi
    satisfied "$check" || echo "$package"
  done <scripts/apt-packages.txt
}

# --- what to install ---------------------------------------------------------

known() { apt-cache show --no-all-versions "$1" >/dev/null 2>&1; }

# An installed server gets PostGIS of its own version; otherwise the newest version the distribution has.
postgis_package() {
  local found major
  found=$(postgres_server)
  major=${found% *}
  if [ -z "$major" ]; then
    major=$(apt-cache pkgnames postgresql- | sed -n 's/^postgresql-\([0-9]*\)-postgis-3$/\1/p' | sort -n | tail -n 1)
  fi
  if [ -n "$major" ] && [ "$major" -ge "$min_postgres" ] && known "postgresql-$major-postgis-3"; then
    echo "postgresql-$major-postgis-3"
    return
  fi
  die "$(. /etc/os-release && echo "$PRETTY_NAME") has no PostgreSQL $min_postgres with PostGIS (Ubuntu 22.04 has 14; Debian 12 and Ubuntu 24.04 are fine).
Add the PostgreSQL project's own package source, then run make again:
    sudo apt-get install -y postgresql-common && sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh
or set DATABASE_URL to use a server elsewhere."
}

# Turns the names of apt-packages.txt into names that this distribution knows.
resolve() {
  local package
  for package in "$@"; do
    case $package in
      @postgis) postgis_package ;;
      *\?)
        if known "${package%\?}"; then echo "${package%\?}"; else say "Not in this distribution, left out: ${package%\?}"; fi
        ;;
      *) echo "$package" ;;
    esac
  done
}

forget_no_cluster() { rm -f "$no_cluster"; rmdir --ignore-fail-on-non-empty "$(dirname "$no_cluster")" 2>/dev/null || true; }

apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=600 "$@" </dev/null
}
apt_update() { apt-get update -o DPkg::Lock::Timeout=600 </dev/null; }

install() {
  if [[ $* == *postgis* ]]; then
    trap forget_no_cluster EXIT
    mkdir -p "$(dirname "$no_cluster")"
    echo 'create_main_cluster = off' >"$no_cluster"
  fi
  say "Installing: $*"
  # Old package lists name files that are gone; fetch new ones only then.
  apt_install "$@" || { apt_update && apt_install "$@"; }
}

system_packages() {
  local missing wanted packages
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  mapfile -t wanted <<<"$missing"
  command -v apt-get >/dev/null ||
    die "Missing (Debian's names): ${wanted[*]//\?/}. There is no apt-get here: install them your system's way."
  if ! known gcc; then
    [ "$(id -u)" -eq 0 ] || die "System packages are missing and apt has no package lists yet. Run this, then make again:
    sudo apt-get update"
    apt_update
  fi
  packages=$(resolve "${wanted[@]}") || exit 1
  [ -n "$packages" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    die "System packages are missing. Install them with this command, then run make again:
    sudo apt-get install -y --no-install-recommends ${packages//$'\n'/ }"
  fi
  # shellcheck disable=SC2086 # one word per package
  install $packages
}

# --- test tools, inside target/ ----------------------------------------------

python_tools() {
  python_ready && return
  say "Installing the Python test tools into $tools/py (once, 240 MB, about a minute)"
  rm -rf "$tools/py"
  python3 -m venv "$tools/py"
  "$tools/py/bin/pip" install --quiet --no-input --disable-pip-version-check \
    --requirement tests/tools/requirements.txt --constraint tests/tools/constraints.txt
  python_stamp >"$tools/py/.stamp"
}

node_tools() {
  node_ready && return
  say "Installing the Node test tools into $tools/node (once, 180 MB, about a minute)"
  rm -rf "$tools/node"
  mkdir -p "$tools/node"
  cp tests/tools/package.json tests/tools/package-lock.json tests/tools/.npmrc "$tools/node/"
  (cd "$tools/node" && npm ci --ignore-scripts --loglevel=error)
  node_stamp >"$tools/node/.stamp"
}

case ${1:-} in
  run)
    check_rust
    system_packages run
    ;;
  check)
    check_rust
    system_packages run check
    ;;
  test)
    check_rust
    system_packages run test
    python_tools
    node_tools
    ;;
  *) die "usage: scripts/setup.sh run|check|test" ;;
esac
