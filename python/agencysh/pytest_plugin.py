"""agencysh for pytest: agencies and clusters as fixtures, and tests in scripts as tests.

``agency``: an `agencysh.Agency` with keys for the test alone. ``agency_cluster``: an `agencysh.Cluster` for the test alone, to be hurt.
``agency_shell``: an `agencysh.Shell` on the agency of ``agency``::

    def test_a_new_leader_knows_everything(agency_cluster):
        agency_cluster.agency.set("Plan/Version", 1)
        agency_cluster.kill(agency_cluster.leader())
        assert agency_cluster.agency.get("Plan/Version") == 1

A test that fails has a dump of its agency in its report. Functions ``test_…`` in files ``test_*.rhai`` and ``*_test.rhai`` are tests as well.
Options: ``pytest --help`` lists those that begin with ``--agencysh-``.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import pytest

from agencysh._pytest import options

if TYPE_CHECKING:
    from agencysh import Agency, Cluster, Shell
    from agencysh._pytest.clusters import ClusterPlace
    from agencysh._pytest.lending import Lent

# Tests that use one of these have an agency.
_FIXTURES = {"agency", "agency_cluster", "agency_shell"}

# What is wrong with the markers of a test.
_WRONG = pytest.StashKey[str]()

_MARKERS = [
    "agency(fresh=False): with fresh=True, the fixture agency is one that nobody has used before",
    "agency_cluster(agents=3, dbservers=0, coordinators=0, world='embedded', ...): what the fixture agency_cluster is made of",
    "rhai: tests in scripts of agencysh",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add_to(parser)


def pytest_configure(config: pytest.Config) -> None:
    for line in _MARKERS:
        config.addinivalue_line("markers", line)
    given = options.Given(config, environment=False)
    given.target()
    given.deadline()


def pytest_itemcollected(item: pytest.Item) -> None:
    if item.get_closest_marker("agency") is not None or item.get_closest_marker("agency_cluster") is not None:
        from agencysh._pytest import lending

        try:
            lending.check(item)
        except pytest.UsageError as error:
            # xdist does not tell why its workers collect nothing
            if not hasattr(item.config, "workerinput"):
                raise
            item.stash[_WRONG] = str(error)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    wrong = item.stash.get(_WRONG, None)
    if wrong is not None:
        pytest.fail(wrong, pytrace=False)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Optional[pytest.Collector]:
    if file_path.suffix != ".rhai":
        return None
    from agencysh._pytest import scripts

    return scripts.ScriptFile.from_parent(parent, path=file_path) if scripts.is_test_file(file_path) else None


@pytest.fixture
def _agencysh_place(request: pytest.FixtureRequest) -> Iterator[ClusterPlace]:
    from agencysh._pytest import clusters

    with clusters.lent(request.node) as place:
        yield place


@pytest.fixture
def _agencysh_lent(request: pytest.FixtureRequest) -> Iterator[Lent]:
    from agencysh._pytest import lending

    fixtures = request.fixturenames
    place = request.getfixturevalue("_agencysh_place") if "agency_cluster" in fixtures else None
    with lending.lent(request.node, fixtures, place) as lent:
        yield lent


@pytest.fixture
def agency(_agencysh_lent: Lent) -> Agency:
    """An agency, as an agencysh.Agency: with keys of its own for the test, which are removed afterwards.

    ``@pytest.mark.agency(fresh=True)`` gives the test an agency that nobody has used before. In a test that uses ``agency_cluster`` as well, it is the
    whole agency of that cluster.
    """
    return _agencysh_lent.agency


@pytest.fixture
def agency_cluster(_agencysh_place: ClusterPlace, request: pytest.FixtureRequest) -> Cluster:
    """A cluster for the test alone, as an agencysh.Cluster, to be killed, paused, cut and healed; it ends with the test.

    ``@pytest.mark.agency_cluster(agents=3, dbservers=2, coordinators=1)`` and the other options of agencysh.Cluster say what it is made of. A server
    that ends unasked fails the test.
    """
    from agencysh._pytest import clusters

    return clusters.limited(request.config, _agencysh_place.cluster)


@pytest.fixture
def agency_shell(_agencysh_lent: Lent) -> Iterator[Shell]:
    """A shell for the test, as an agencysh.Shell, whose scripts have the agency of the fixture ``agency``, all of it.

    Servers in this process are started for the test alone, since scripts can do anything to them.
    """
    with _agencysh_lent.shell() as shell:
        yield shell


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, None]:
    outcome = yield
    if "agency_cluster" not in getattr(item, "fixturenames", ()):
        return
    from agencysh._pytest import clusters

    crashes = clusters.crashes_of(item)
    if crashes and outcome.excinfo is None:
        outcome.force_exception(pytest.fail.Exception(clusters.told(crashes), pytrace=False))
    elif crashes:
        item.add_report_section("call", "agencysh", clusters.told(crashes))


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    outcome = yield
    if item.path.suffix == ".rhai":
        from agencysh._pytest import scripts

        if isinstance(item, scripts.ScriptTest):
            scripts.complete(item, outcome.get_result())
    elif not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
        report: pytest.TestReport = outcome.get_result()
        if report.failed:
            from agencysh._pytest import dumps

            dumps.attach_to(item, report)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    # nobody has used it unless somebody has loaded it
    sessions = sys.modules.get("agencysh._pytest.session")
    if sessions is not None:
        sessions.close(session.config)
