from collections.abc import Sequence
from os import PathLike
from typing import Any, Union

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
    "check_launch",
    "command_line",
    "tests_of",
]

def command_line(words: Sequence[str]) -> int: ...
def check_launch(
    agents: int = 3,
    dbservers: int = 0,
    coordinators: int = 0,
    world: str = "embedded",
    arangod: Union[str, PathLike[str], None] = None,
    **launch: Any,
) -> None: ...
def tests_of(path: Union[str, PathLike[str]]) -> list[tuple[str, int]]: ...
