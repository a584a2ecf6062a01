#!/bin/sh
# Makes docs/conformance.md from the statements and the names of the tests.
#
#   scripts/conformance.sh           writes docs/conformance.md
#   scripts/conformance.sh --check   changes nothing; exit 1 when the page is out of date,
#                                    or when a statement has neither a test nor a reason
set -eu
cd "$(dirname "$0")/.."
page=docs/conformance.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One line a test: lower-case statement, file, function. A test is a function under an attribute that ends in `test]`,
# in scripts one called `test_…`.
tests() {
    find "$@" -name '*.rs' -o -name '*_test.rhai' | LC_ALL=C sort | while read -r file; do
        awk -v file="$file" '
            /^fn test_[a-z][0-9]+_/ { sub(/^fn test_/, "fn "); armed = 1 }
            /^[[:space:]]*#\[(tokio::)?test/ { armed = 1; next }
            armed && match($0, /fn [a-z][0-9]+(_[a-z][0-9]+)*_[a-z0-9_]*/) {
                name = substr($0, RSTART + 3, RLENGTH - 3)
                count = split(name, words, "_")
                if (file ~ /rhai$/) name = "test_" name
                for (i = 1; i <= count && words[i] ~ /^[a-z][0-9]+$/; i++) print words[i] "\t" file "\t" name
            }
            /^[[:space:]]*(pub )?(async )?fn / { armed = 0 }
        ' "$file"
    done
}

# A table of the statements in $1 with the tests in the folders that follow.
table() {
    statements=$1
    shift
    tests "$@" > "$work/tests"
    awk -F '\t' -v tests="$work/tests" '
        BEGIN {
            while ((getline line < tests) > 0) {
                split(line, part, "\t")
                entry = "`" part[3] "` (" part[2] ")"
                found[part[1]] = found[part[1]] == "" ? entry : found[part[1]] "<br>" entry
            }
        }
        /^#/ || NF == 0 { next }
        {
            total++
            answer = found[tolower($1)]
            if ($3 != "") { answer = "**open**: " $3 }
            else if (answer != "") { tested++ }
            else { answer = "**open**, and no reason given"; print $1 > "/dev/stderr"; bad = 1 }
            rows = rows "| " $1 " | " $2 " | " answer " |\n"
        }
        END {
            print tested + 0 " of " total " statements have a test."
            print ""
            print "| | Statement | Test |"
            print "|---|---|---|"
            printf "%s", rows
            exit bad
        }
    ' "$statements" || { echo "these statements have neither a test nor a reason in $statements" >&2; failed=1; }
}

{
    cat << 'END'
# Conformance

Statements about behaviour, and the tests that check them. A test carries the number of its statement in its name.

Made by `scripts/conformance.sh`; do not edit.

## The agency

E endpoints, R read, W write, P preconditions, I inquire, T transact, N transient, C config, S state and stores, L poll, F Raft,
A authentication, V content types.

END
    table tests/conformance/agency.tsv src/agency src/auth src/client src/standin/agent src/standin/web tests/protocol tests/client*
    cat << 'END'

## The cluster

Statements of how a cluster coordinates itself: S1-S3 servers, S4-S13 logs, S14-S20 leaders, S21-S23 reboot ids, S24-S31 suspended servers, S32-S40
participants, S41-S47 jobs, S48-S51 removal, S52-S56 collections, S57-S61 entries.

END
    table tests/conformance/cluster.tsv src/standin/model src/standin/supervision src/standin/member src/standin/dbserver src/standin/coordinator tests/cluster tests/cli/cluster_members.rs
    cat << 'END'

## The agency manager

M1-M9 waiting and deadlines, M10-M15 construction and snapshot, M20-M28 HTTP, M30-M39 state operations, M40-M52 replicated logs, M60-M67 health, recovery
and jobs, M70-M75 dump and life cycle, M80-M89 orchestration and test framework.

END
    table tests/conformance/manager.tsv src tests scripts
    cat << 'END'

## The natives and the shell

E errors, H HTTP, A server connection, D deadline and time, L logging, F files, P processes, R random, C cryptography and JWT, N network,
Z environment, V VelocyPack and JSON, T terminal and printing, S shell.

END
    table tests/conformance/natives.tsv src/cli src/connection src/deadline.rs src/host src/http src/natives tests/cli tests/host.rs tests/http.rs tests/natives tests/natives_*.rs
} > "$work/page"

if [ "${1:-}" = --check ]; then
    cmp -s "$work/page" "$page" || { echo "$page is out of date: run scripts/conformance.sh" >&2; failed=1; }
else
    cp "$work/page" "$page"
fi
exit "${failed:-0}"
