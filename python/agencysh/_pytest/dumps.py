"""Dumps of the agencies of tests that failed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, TypeVar

import pytest

if TYPE_CHECKING:
    from agencysh import Shell

# What the section of a report is called, and the property in JUnit's XML.
SECTION = "agencysh dump"
PROPERTY = "agencysh_dump"

# How long a dump may take, in seconds.
LIMIT = 30.0

_SCRIPT = """
let arguments = env::args();
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


_Held = TypeVar("_Held")

# What a test has that can be dumped: the last one is nearest to what it did.
_HELD = pytest.StashKey["list[Any]"]()


@contextlib.contextmanager
def held(item: pytest.Item, thing: _Held) -> Iterator[_Held]:
    """Something with a method ``dump``, which is called when the test fails meanwhile."""
    things = item.stash.setdefault(_HELD, [])
    things.append(thing)
    try:
        yield thing
    finally:
        things.remove(thing)


def attach_to(item: pytest.Item, report: pytest.TestReport) -> None:
    """Takes a dump for a test that failed, and tells of it in the report."""
    things = item.stash.get(_HELD, [])
    if not things or dict(item.user_properties).get(PROPERTY) is not None:
        return
    try:
        archive = things[-1].dump(folder_of(item.config, item.nodeid), item.nodeid)
    except Exception as error:
        # the test's own failure is what matters
        report.sections.append((SECTION, f"there is no dump of the agency: {error}"))
    else:
        attach(item, report, archive)


def attach(item: pytest.Item, report: pytest.TestReport, archive: Path) -> None:
    """Tells of a dump in a report."""
    report.sections.append((SECTION, str(archive)))
    # JUnit's XML takes the properties of the last report of the test
    item.user_properties.append((PROPERTY, str(archive)))
    report.user_properties.append((PROPERTY, str(archive)))
