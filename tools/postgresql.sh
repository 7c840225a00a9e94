#!/usr/bin/env bash
# The tests talk to a real PostgreSQL. Use the one that is there; else install Debian's, which needs root or sudo; else say so and fail.
set -euo pipefail

if [ -n "${PGURL:-}" ] || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "make test: no PostgreSQL under /usr/lib/postgresql, and no apt-get to install it." >&2
    echo "Install PostgreSQL 15 or newer yourself and set PGURL=postgresql://user@host/postgres (it must allow CREATE DATABASE)." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "make test: the tests need PostgreSQL; as root run: apt-get install postgresql" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "make test: installing Debian's postgresql${as_root:+ with sudo} (the tests run their own private server from it)"
$as_root apt-get update -qq </dev/null
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends postgresql </dev/null >/dev/null
ls /usr/lib/postgresql/*/bin/initdb >/dev/null
