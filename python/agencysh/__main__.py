"""The program ``agencysh``: the same command line as that of the Rust program."""

from __future__ import annotations

import sys

from agencysh import _agencysh


def main() -> int:
    """Runs the command line of this process; gives its exit code."""
    import os
    import signal

    from agencysh._program import program

    # the command line has its own way with Ctrl-C
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # servers are started from this program, not from Python
    script = program()
    if script is not None:
        os.environ.setdefault("AGENCYSH_PROGRAM", script)
    return _agencysh.command_line(["agencysh", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
