"""Agencies and clusters for a while."""

from __future__ import annotations

import time

import pytest

import agencysh


def test_waits_end_with_the_while(agency: agencysh.Agency) -> None:
    began = time.monotonic()
    short = agency.within(0.2)
    with pytest.raises(agencysh.DeadlineExceeded):
        short.wait_until("never", 1, timeout=None)
    # it is over for all that comes later, and for parts of it
    for part in (short, short.prefix("x"), short.within(60)):
        with pytest.raises(agencysh.DeadlineExceeded):
            part.get("x")
    assert len(list(short.watch("x"))) <= 1
    assert time.monotonic() - began < 10
    # and for nobody else
    agency.set("x", 1)
    assert agency.get("x") == 1 == agency.within(60).get("x")


def test_a_watch_ends_with_the_while(agency: agencysh.Agency) -> None:
    agency.set("x", 1)
    assert [change.value for change in agency.within(0.3).watch("x")] == [1]


def test_a_cluster_for_a_while_leaves_the_servers_alone() -> None:
    with agencysh.Cluster(agents=1) as cluster:
        with cluster.within(60) as same:
            same.agency.set("x", 1)
        assert cluster.agency.get("x") == 1
        short = cluster.within(0.01)
        time.sleep(0.02)
        for use in (short.leader, short.instances, lambda: short.kill("agent1"), lambda: short.agency.get("x")):
            with pytest.raises(agencysh.DeadlineExceeded):
                use()
        assert cluster.agency.get("x") == 1
        assert [one["state"] for one in cluster.instances()] == ["running"]


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_it_takes_a_number_of_seconds(agency: agencysh.Agency, seconds: float) -> None:
    with pytest.raises(ValueError, match="seconds"):
        agency.within(seconds)
