from collections.abc import Sequence

from agencysh import (
    ABSENT as ABSENT,
    Absent as Absent,
    Agency as Agency,
    Change as Change,
    Changes as Changes,
    Cluster as Cluster,
    Shell as Shell,
    TestRun as TestRun,
    __version__ as __version__,
)

__all__ = [
    "ABSENT",
    "Absent",
    "Agency",
    "Change",
    "Changes",
    "Cluster",
    "Shell",
    "TestRun",
    "__version__",
    "command_line",
]

def command_line(words: Sequence[str]) -> int: ...
