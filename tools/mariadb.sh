#!/usr/bin/env bash
# The tests talk to a real MariaDB. Use the one that is there; else install Debian's, which needs root or sudo; else say so and fail.
set -euo pipefail

PATH="$PATH:/usr/sbin:/usr/local/sbin"
if [ -n "${MARIADBURL:-}" ] || { command -v mariadbd && command -v mariadb-install-db; } >/dev/null; then
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "make test: no mariadbd on the PATH, and no apt-get to install it." >&2
    echo "Install MariaDB 10.6 or newer yourself, or set MARIADBURL=mariadb+pymysql://user@127.0.0.1:3306/ (it must allow CREATE DATABASE)." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "make test: the tests need MariaDB; as root run: apt-get install mariadb-server" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "make test: installing Debian's mariadb-server${as_root:+ with sudo} (the tests run their own private server from it)"
$as_root apt-get update -qq </dev/null
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends mariadb-server </dev/null >/dev/null
command -v mariadbd >/dev/null
