"""A cluster for one test alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from . import dumps
from .places import OwnPlace, processes
from .session import of

if TYPE_CHECKING:
    from pathlib import Path

    from agencysh import Cluster

MARKER = "agency_cluster"

_PLACE = pytest.StashKey["ClusterPlace"]()


class ClusterPlace(OwnPlace):
    """The cluster of one test, and what befell it."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._told = 0

    def crashes(self) -> list[dict[str, Any]]:
        """The servers that ended unasked since this was last asked."""
        try:
            crashes = self.cluster.crashes()
        except Exception:
            # the test has ended the cluster itself
            return []
        new = crashes[self._told :]
        self._told = len(crashes)
        return new


def options_of(item: pytest.Item) -> dict[str, Any]:
    """What the cluster of a test is made of: what its markers say, the nearest last, on top of what the command line says."""
    marked: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers(MARKER))):
        marked.update(mark.kwargs)
    common = of(item.config).target.launch()
    if marked.get("world", common["world"]) != common["world"]:
        common = {}
    return {**common, **marked}


@contextlib.contextmanager
def lent(item: pytest.Item) -> Iterator[ClusterPlace]:
    """Starts the cluster of a test, and ends it afterwards.

    A server that ends unasked fails the test.
    """
    from agencysh import AgencyshError, Cluster

    options = processes(options_of(item), dumps.folder_of(item.config, item.nodeid))
    try:
        cluster = Cluster(**options)
    except AgencyshError as error:
        if error.kind.startswith("usage.") or error.kind == "cluster.unsupported":
            raise pytest.fail.Exception(f"@pytest.mark.{MARKER}: {error}", pytrace=False) from None
        raise
    place = ClusterPlace(cluster)
    with contextlib.closing(place), dumps.held(item, place):
        item.stash[_PLACE] = place
        yield place
        late = place.crashes()
    if late:
        pytest.fail(told(late), pytrace=False)


def limited(config: pytest.Config, cluster: Cluster) -> Cluster:
    """The cluster for one test, whose waits are to end in time."""
    deadline = of(config).deadline
    return cluster if deadline is None else cluster.within(deadline)


def crashes_of(item: pytest.Item) -> list[dict[str, Any]]:
    """The servers of the test's cluster that ended unasked since this was last asked."""
    place = item.stash.get(_PLACE, None)
    return [] if place is None else place.crashes()


def told(crashes: list[dict[str, Any]]) -> str:
    """What people are told of servers that ended unasked."""
    lines = []
    for crash in crashes:
        lines.append(f"{crash['instance']} (process {crash['pid']}) ended unasked: {crash['end']}")
        lines.extend(f"  {line}" for line in str(crash["log"]).splitlines())
        lines.extend(f"  left behind: {file}" for file in crash["files"])
    return "\n".join(lines)


def check(item: pytest.Item) -> None:
    """Looks at the markers of a test.

    Errors: `pytest.UsageError` for what is no cluster.
    """
    marked = list(item.iter_markers(MARKER))
    if not marked:
        return
    for mark in marked:
        if mark.args:
            raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.{MARKER} takes options by name, such as agents=1, not {mark.args[0]!r}")
    from agencysh import AgencyshError
    from agencysh._agencysh import check_launch

    try:
        check_launch(**options_of(item))
    except (AgencyshError, TypeError) as error:
        raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.{MARKER}: {_one_line(error)}") from None


def _one_line(error: Exception) -> str:
    causes = [*getattr(error, "causes", []), *getattr(error, "__notes__", [])]
    return ": ".join([str(getattr(error, "message", error)), *causes])
