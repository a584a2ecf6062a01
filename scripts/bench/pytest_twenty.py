"""Runs a pytest file of 20 tests, one of which kills the leader of its cluster, as whole processes. Arguments: rounds (5).

Needs a Python with agencysh (built for release) and pytest. Goal: below 5 s.
"""

import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
tests = pathlib.Path(__file__).parents[2] / "python" / "tests" / "plugin" / "twenty.py"
NOTHING = "def test_nothing():\n    pass\n"


def measured(folder, file, *options):
    """Seconds of a whole process, and what pytest said last."""
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", folder, "-p", "no:cacheprovider", *options, str(file)]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - began
    said = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0 and re.match(r"(1|20) passed", said), done.stdout
    return seconds


with tempfile.TemporaryDirectory() as folder:
    # away from the fixtures of other tests
    twenty = shutil.copy(tests, pathlib.Path(folder) / "test_twenty.py")
    nothing = pathlib.Path(folder) / "test_nothing.py"
    nothing.write_text(NOTHING)
    rows = {
        "20 tests": lambda: measured(folder, twenty),
        "one empty test": lambda: measured(folder, nothing),
        "one empty test, without the plugin": lambda: measured(folder, nothing, "-p", "no:agencysh"),
    }
    times = {name: [] for name in rows}
    for _ in range(rounds):
        for name, run in rows.items():
            times[name].append(run())

print(f"{'':36} {'median s':>9} {'most s':>9}")
for name, seconds in times.items():
    print(f"{name:36} {statistics.median(seconds):9.2f} {max(seconds):9.2f}")
