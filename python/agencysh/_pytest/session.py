"""What one process of pytest keeps for the tests that use agencysh."""

from __future__ import annotations

from typing import Optional

import pytest

from .options import Given
from .places import ExistingPlace, OwnPlace, Place

# The keys of all tests are below this one.
TESTS = "Tests"


class Session:
    """The target, and the agency that tests share; made when the first test needs it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        given = Given(config)
        self.target = given.target()
        self.deadline = given.deadline()
        self.dumps = given.dumps()
        self._shared: Optional[Place] = None

    def shared(self) -> Place:
        """The agency that tests share, in good order."""
        from .dumps import folder_of

        if self._shared is not None and not self._shared.is_as_it_was():
            self.discard()
        if self._shared is None:
            if self.target.is_own:
                self._shared = OwnPlace.start(self.target, folder_of(self._config, "shared"))
            else:
                self._shared = ExistingPlace.enter(self.target, self.deadline)
        return self._shared

    def discard(self) -> None:
        """Ends the agency that tests shared; the next test gets another one."""
        place, self._shared = self._shared, None
        if place is not None:
            place.close()

    def close(self) -> None:
        """Leaves nothing behind."""
        try:
            if self._shared is not None and not self.target.is_own:
                _remove_if_empty(self._shared)
        finally:
            self.discard()


def _remove_if_empty(place: Place) -> None:
    """Removes the key that the keys of all tests were below, unless others have some there."""
    from agencysh import AgencyshError

    try:
        place.agency.within(5).transact([[{TESTS: {"op": "delete"}}, {TESTS: {"old": {}}}]])
    except AgencyshError:
        # it is not empty, or nobody answers: in either case it is no longer ours
        pass


_SESSION = pytest.StashKey[Session]()


def of(config: pytest.Config) -> Session:
    """The session of this process.

    Errors: `pytest.UsageError` when the options are wrong.
    """
    session = config.stash.get(_SESSION, None)
    if session is None:
        session = config.stash[_SESSION] = Session(config)
    return session


def close(config: pytest.Config) -> None:
    """Ends the session, if there is one."""
    session = config.stash.get(_SESSION, None)
    if session is not None:
        del config.stash[_SESSION]
        session.close()
