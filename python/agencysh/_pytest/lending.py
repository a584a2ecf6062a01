"""Which test gets which agency, and what becomes of it at the end."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Optional

import pytest

from . import clusters, dumps
from .places import OwnPlace, Place
from .session import TESTS, Session, of

if TYPE_CHECKING:
    from pathlib import Path

    from agencysh import Agency, Shell

MARKER = "agency"


class Lent:
    """The agency that one test has."""

    def __init__(self, session: Session, place: Place, agency: Agency) -> None:
        self._session = session
        self._place = place
        self.agency = agency

    def shell(self) -> Shell:
        """A shell whose scripts use the same agency."""
        return self._place.shell(self._session.deadline)

    def dump(self, folder: Path, test: str) -> Path:
        """Takes a dump; gives the path of the archive."""
        return self._place.dump(folder, test)


@contextlib.contextmanager
def lent(item: pytest.Item, fixtures: list[str], cluster: Optional[OwnPlace]) -> Iterator[Lent]:
    """Lends an agency to a test.

    That of its ``cluster``, if it has one; servers for it alone, if it wants them or runs scripts, which can do anything to
    servers in this process; otherwise keys of its own in the agency that all tests share.
    """
    session = of(item.config)
    with contextlib.ExitStack() as stack:
        if cluster is not None:
            place: Place = cluster
            agency = limited(session, place.agency)
        elif session.target.is_own and (wants_fresh(item) or ("agency_shell" in fixtures and session.target.kind == "embedded")):
            place = OwnPlace.start(session.target, dumps.folder_of(item.config, item.nodeid))
            stack.callback(place.close)
            agency = limited(session, place.agency)
        else:
            place = session.shared()
            # several sessions may use what exists at the same time, and several workers may run the same test
            path = f"{TESTS}/{dumps.name_of(item.nodeid)}~{uuid.uuid4().hex[:8]}"
            stack.callback(_remove, place, path)
            agency = limited(session, place.agency.prefix(path))
        with dumps.held(item, Lent(session, place, agency)) as one:
            yield one


def limited(session: Session, agency: Agency) -> Agency:
    """The agency for one test, which is to end in time."""
    return agency if session.deadline is None else agency.within(session.deadline)


def _remove(place: Place, path: str) -> None:
    # servers that are not what they were are not used again, and may not answer
    if place.is_as_it_was() and place.agency.exists(path):
        place.agency.remove(path)


def wants_fresh(item: pytest.Item) -> bool:
    """Whether the test is to have an agency that nobody has used before."""
    mark = item.get_closest_marker(MARKER)
    return mark is not None and bool(mark.kwargs.get("fresh", False))


def check(item: pytest.Item) -> None:
    """Looks at the markers of a test.

    Errors: `pytest.UsageError` for options that there are not.
    """
    for mark in item.iter_markers(MARKER):
        wrong = [*(repr(argument) for argument in mark.args), *(name for name in mark.kwargs if name != "fresh")]
        if wrong:
            raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.{MARKER} takes fresh=True or fresh=False, not {wrong[0]}")
        if not isinstance(mark.kwargs.get("fresh", False), bool):
            raise pytest.UsageError(f"{item.nodeid}: @pytest.mark.{MARKER}: fresh is True or False, not {mark.kwargs['fresh']!r}")
    clusters.check(item)
