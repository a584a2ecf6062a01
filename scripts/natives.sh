#!/bin/sh
# Makes docs/natives.md from the documentation inside the program.
#
#   scripts/natives.sh           writes docs/natives.md
#   scripts/natives.sh --check   changes nothing; exit 1 when the page is out of date
set -eu
cd "$(dirname "$0")/.."
page=docs/natives.md
made=$(mktemp)
trap 'rm -f "$made"' EXIT
cargo run --quiet --locked -- doc --markdown > "$made"
if [ "${1:-}" = --check ]; then
    cmp -s "$made" "$page" || { echo "$page is out of date: run scripts/natives.sh" >&2; exit 1; }
else
    cp "$made" "$page"
fi
