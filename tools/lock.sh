#!/usr/bin/env bash
# Lock what pyproject.toml allows: every version with the hashes of its files, for all supported Pythons at once. Usage: lock.sh UV
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$1
compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
        --no-header --no-emit-index-url --no-emit-find-links --no-annotate "$@"
}
# Each file is bound to the one before, so that installing them one over the other moves nothing.
compile pyproject.toml requirements/build.in --output-file requirements/core.txt
compile pyproject.toml requirements/build.in --extra web -c requirements/core.txt --output-file requirements/web.txt
compile pyproject.toml requirements/build.in --extra all --extra dev -c requirements/core.txt -c requirements/web.txt --output-file requirements/dev.txt
compile pyproject.toml requirements/build.in --extra bench -c requirements/dev.txt --output-file requirements/bench.txt
compile pyproject.toml requirements/build.in --extra all --extra dev --extra spark --extra clickhouse \
    -c requirements/dev.txt --output-file requirements/engines.txt
