"""What calls through Python cost: prints a table. Run it with the Python of scripts/python.sh, which has httpx:

    target/python/bin/python scripts/bench/python_calls.py

Rounds of the candidates take turns; medians of all rounds are shown, and the ratio is the median of the ratios within a round.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import Callable

import httpx

import agencysh

ROUNDS = 15


def seconds(work: Callable[[], object], count: int) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - start) / count


def by_turns(candidates: dict[str, tuple[Callable[[], object], int]]) -> dict[str, list[float]]:
    """The times of each candidate, a round each in turn; the first round warms up."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(ROUNDS + 1):
        for name, (work, count) in candidates.items():
            time_of_one = seconds(work, count)
            if number > 0:
                times[name].append(time_of_one)
    return times


def is_equal(value: object, expected: object) -> None:
    assert value == expected, value


def row(name: str, value: float, unit: str, note: str = "") -> None:
    print(f"{name:<34} {value:>10.2f} {unit:<3} {note}")


def calls() -> None:
    # a call finds the functions of what ran last
    with agencysh.Shell() as shell, agencysh.Shell() as other:
        shell.eval("fn nothing() { } fn add(a, b) { a + b }")
        times = by_turns(
            {
                "call of an empty function": (lambda: is_equal(shell.call("nothing"), None), 2000),
                "call with two arguments": (lambda: is_equal(shell.call("add", 1, 2), 3), 2000),
                'eval("1 + 1")': (lambda: is_equal(other.eval("1 + 1"), 2), 500),
            }
        )
        for name, values in times.items():
            row(name, statistics.median(values) * 1e6, "µs")


def first_eval() -> None:
    def new() -> None:
        with agencysh.Shell() as shell:
            shell.eval("1")

    row("shell, first eval, close", statistics.median(seconds(new, 10) for _ in range(ROUNDS)) * 1e6, "µs")


def gets() -> None:
    with agencysh.Shell(embedded=1) as shell:
        agency = shell.agency
        agency.set("bench/value", 1)
        url = agency.agents()[0]["endpoint"].replace("tcp://", "http://") + "/_api/agency/read"
        with httpx.Client() as client:

            def get_with_httpx() -> None:
                value = client.post(url, json=[["/arango/bench/value"]]).json()
                assert value[0]["arango"]["bench"]["value"] == 1

            def get() -> None:
                assert agency.get("bench/value") == 1

            times = by_turns({"agency.get": (get, 300), "httpx": (get_with_httpx, 300)})
    own, other = times["agency.get"], times["httpx"]
    ratio = statistics.median(theirs / ours for ours, theirs in zip(own, other))
    row("agency.get", statistics.median(own) * 1e6, "µs", f"{ratio:.2f} times as fast as httpx")
    row("the same request with httpx", statistics.median(other) * 1e6, "µs")


def imports() -> None:
    def process(code: str) -> float:
        return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True), 1)

    differences = []
    for _ in range(ROUNDS):
        empty = process("pass")
        differences.append(process("from agencysh import Shell") - empty)
    row("from agencysh import Shell", statistics.median(differences) * 1e3, "ms", "beyond an empty process")


if __name__ == "__main__":
    load, _, _ = os.getloadavg()
    print(f"load {load:.1f} on {os.cpu_count()} processors")
    calls()
    first_eval()
    gets()
    imports()
