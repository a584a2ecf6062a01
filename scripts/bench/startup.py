"""Whole-process time and peak memory of a trivial evaluation, and of one that starts the embedded agency.

    cargo build --release && python3 scripts/bench/startup.py [ROUNDS]

Interleaves the programs (A B C, A B C, ...), drops the first round, prints medians and the ratio to node.
"""
import os
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AGENCYSH = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release", "agencysh")
PROGRAMS = {
    "agencysh eval 1": [AGENCYSH, "eval", "1"],
    "agencysh eval, three agents led": [AGENCYSH, "eval", "agency::current().leader()"],
    "node -e 1": ["node", "-e", "1"],
    "python3 -c 1": [sys.executable, "-c", "1"],
}


def run(command):
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return (time.perf_counter() - start) * 1000, usage.ru_maxrss / 1024


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    programs = {name: command for name, command in PROGRAMS.items() if shutil.which(command[0])}
    figures = {name: [] for name in programs}
    for turn in range(rounds + 1):
        for name, command in programs.items():
            figure = run(command)
            if turn:
                figures[name].append(figure)
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in figures.items()}
    base = medians.get("node -e 1")
    print(f"{'program':34} {'ms':>8} {'[min':>8} {'max]':>8} {'MB':>7} {'time/node':>10} {'memory/node':>12}")
    for name, (wall, memory) in medians.items():
        walls = [row[0] for row in figures[name]]
        ratios = f"{wall / base[0]:>10.3f} {memory / base[1]:>12.3f}" if base else ""
        print(f"{name:34} {wall:8.1f} {min(walls):8.1f} {max(walls):8.1f} {memory:7.1f} {ratios}")


if __name__ == "__main__":
    main()
