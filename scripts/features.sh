#!/usr/bin/env bash
# Checks library and program with each combination of features; warnings are errors.
set -euo pipefail
cd "$(dirname "$0")/.."

for features in "" standin cli standin,cli; do
    printf 'features: %s\n' "${features:-none}"
    cargo clippy --locked --quiet --package agencysh --no-default-features --features "$features" --lib --bins -- -D warnings
done
