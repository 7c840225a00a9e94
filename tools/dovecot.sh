#!/usr/bin/env bash
# The tests talk to a real IMAP server. Use the Dovecot that is there; else install Debian's, which needs root or sudo; else say so and fail.
set -euo pipefail

if [ -x /usr/sbin/dovecot ] || command -v dovecot >/dev/null; then
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "make test: no dovecot, and no apt-get to install it: install Dovecot 2.3 yourself (the tests run their own private server from it)." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "make test: the tests need Dovecot; as root run: apt-get install dovecot-imapd" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "make test: installing Debian's dovecot-imapd${as_root:+ with sudo} (the tests run their own private server from it)"
$as_root apt-get update -qq </dev/null
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends dovecot-imapd </dev/null >/dev/null
[ -x /usr/sbin/dovecot ] || command -v dovecot >/dev/null
