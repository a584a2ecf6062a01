#!/usr/bin/env bash
# Builds the Python package, installs it into a virtual environment of its own, and runs its tests there.
#
#   scripts/python.sh            the environment is made below the target directory
#   scripts/python.sh FOLDER     the environment is FOLDER
#
# AGENCYSH_PYTHON is the interpreter to use, python3 unless said; CARGO_PROFILE that of the build, release unless said (dev builds faster). Needs a Rust toolchain and PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}
export CARGO_TARGET_DIR=$target
venv=${1:-$target/python}
profile=${CARGO_PROFILE:-release}

[ -x "$venv/bin/python" ] || "${AGENCYSH_PYTHON:-python3}" -m venv "$venv"
pip=("$venv/bin/python" -m pip --quiet --disable-pip-version-check)
"${pip[@]}" install --requirement python/requirements-test.txt
[ "$profile" = release ] || export MATURIN_PEP517_ARGS="--profile $profile"
"${pip[@]}" install --force-reinstall --no-deps ./python

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# apart from the sources, so that the installed package is what is tested
cp -R python/tests "$work/tests"
cp python/pyproject.toml "$work/"
# pages whose examples are tests
mkdir "$work/docs"
cp docs/embedding.md "$work/docs/"
cp README.md "$work/"
cd "$work"
"$venv/bin/python" -m pytest -p no:cacheprovider --numprocesses 2 tests
"$venv/bin/python" -m mypy --strict --package agencysh
"$venv/bin/python" -m mypy.stubtest agencysh
