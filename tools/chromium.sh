#!/usr/bin/env bash
# The browser tests drive a real Chromium. Use the one that is there; else install Debian's, which needs root or sudo; else say so and fail.
set -euo pipefail

if [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; then
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "make test: no chromium on the path, and no apt-get to install it." >&2
    echo "Install Chromium or Chrome yourself and set CHROMIUM=/path/to/it." >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "make test: the tests need Chromium; as root run: apt-get install chromium" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "make test: installing Debian's chromium${as_root:+ with sudo}"
$as_root apt-get update -qq </dev/null
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends chromium </dev/null >/dev/null
command -v chromium >/dev/null
