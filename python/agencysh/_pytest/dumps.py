"""Dumps of the agencies of tests that failed."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import pytest

if TYPE_CHECKING:
    from agencysh import Shell

# What the section of a report is called, and the property in JUnit's XML.
SECTION = "agencysh dump"
PROPERTY = "agencysh_dump"

# How long a dump may take, in seconds.
LIMIT = 30.0

_SCRIPT = """
let arguments = env::arguments();
let whose = if arguments[2] == "cluster" { cluster::current() } else { agency::current() };
let options = #{ output: arguments[0], test: arguments[1], reason: "test_failed", timeout: 20, request_timeout: 5 };
dump::agency(whose, options).archive
"""


def folder_of(config: pytest.Config, nodeid: str) -> Path:
    """Where the dumps of this test, or file, go: a folder that no other test uses at the same time."""
    from .session import of

    chosen = of(config).dumps
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if chosen is None:
        # each worker has a basetemp of its own
        factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
        return factory.getbasetemp() / "agencysh-dumps" / name_of(nodeid)
    name = name_of(nodeid)
    return chosen / (name if worker is None else f"{name}-{worker}")


def name_of(nodeid: str) -> str:
    """A name for files and keys that tells the test, and is another one for each test."""
    plain = re.sub(r"[^\w.\-\[\]]+", "-", nodeid.replace("::", "--")).strip("-")
    if plain == nodeid:
        return plain
    digest = hashlib.sha1(nodeid.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[:120]}-{digest}"


def take(shell: Shell, folder: Path, test: str, whose: str) -> Path:
    """Takes a dump of the shell's ``"agency"`` or ``"cluster"``; gives the path of the archive."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shell.run_text(_SCRIPT, str(folder), test, whose, name="<dump>")).absolute()


def attach(item: pytest.Item, report: pytest.TestReport, text: str, archive: Optional[str]) -> None:
    """Tells of a dump in a report: where it is, or why there is none."""
    report.sections.append((SECTION, text))
    if archive is not None:
        # JUnit's XML takes the properties of the last report of the test
        item.user_properties.append((PROPERTY, archive))
        report.user_properties.append((PROPERTY, archive))
