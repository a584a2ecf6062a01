"""The agencies of tests: servers of their own, or servers that exist already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from . import dumps
from .options import Target

if TYPE_CHECKING:
    from agencysh import Agency, Cluster, Shell


class Place:
    """An agency that tests use."""

    @property
    def agency(self) -> Agency:
        """The whole of it."""
        raise NotImplementedError

    def shell(self, deadline: Optional[float] = None) -> Shell:
        """A shell on its servers, whose runs and waits are to end in time."""
        raise NotImplementedError

    def dump(self, folder: Path, test: str) -> Path:
        """Takes a dump; gives the path of the archive."""
        raise NotImplementedError

    def is_as_it_was(self) -> bool:
        """Whether its servers are those that there were first, and all run, as far as that is known."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends what was started for tests."""
        raise NotImplementedError


class OwnPlace(Place):
    """A cluster that was started for tests, and ends with them."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._first = self._now()

    @classmethod
    def start(cls, target: Target, remains: Path) -> OwnPlace:
        """Starts agents, as many as the target says; what processes leave behind when they crash goes to the folder ``remains``."""
        from agencysh import Cluster

        return cls(Cluster(agents=target.agents, **processes(target.launch(), remains)))

    @property
    def agency(self) -> Agency:
        return self.cluster.agency

    def shell(self, deadline: Optional[float] = None) -> Shell:
        return _shell(deadline, cluster=self.cluster)

    def dump(self, folder: Path, test: str) -> Path:
        with self.shell(dumps.LIMIT) as shell:
            return dumps.take(shell, folder, test, "cluster")

    def is_as_it_was(self) -> bool:
        return self._now() == self._first

    def _now(self) -> list[tuple[Any, ...]]:
        members = ("name", "id", "pid", "url", "state")
        return [tuple(instance.get(member) for member in members) for instance in self.cluster.instances()]

    def close(self) -> None:
        self.cluster.__exit__(None, None, None)


def processes(launch: dict[str, Any], remains: Path) -> dict[str, Any]:
    """Options of a cluster, completed if it has processes."""
    if launch.get("world", "embedded") != "processes":
        return launch
    return {"output_directory": str(remains), "dump_agency_on_shutdown": False, "name": "pytest", **launch}


class ExistingPlace(Place):
    """Servers that exist already, and stay."""

    def __init__(self, target: Target) -> None:
        from agencysh import Shell

        self._settings = target.shell()
        self._shell = Shell(**self._settings)

    @classmethod
    def enter(cls, target: Target, deadline: Optional[float]) -> ExistingPlace:
        """Finds the leader, so that whoever cannot get in learns of it before the first test."""
        place = cls(target)
        try:
            agency = place.agency
            (agency if deadline is None else agency.within(deadline)).leader()
        except BaseException:
            place.close()
            raise
        return place

    @property
    def agency(self) -> Agency:
        return self._shell.agency

    def shell(self, deadline: Optional[float] = None) -> Shell:
        return _shell(deadline, **self._settings)

    def dump(self, folder: Path, test: str) -> Path:
        with self.shell(dumps.LIMIT) as shell:
            return dumps.take(shell, folder, test, "agency")

    def is_as_it_was(self) -> bool:
        # nobody can tell, and there is no other
        return True

    def close(self) -> None:
        self._shell.close()


def _shell(deadline: Optional[float], **settings: Any) -> Shell:
    from .limited import LimitedShell

    if deadline is not None:
        settings["deadline"] = deadline
    shell = LimitedShell(**settings)
    shell.limit = deadline
    return shell
