"""Twenty tests with agencysh: most of them share an agency, some have a cluster of their own, and one kills its leader.

Copied to ``test_twenty.py`` in a folder of its own, ``pytest`` runs them.
"""

import threading

import pytest

import agencysh


def test_what_is_set_is_there(agency):
    agency.set("Jobs/1", {"type": "moveShard", "shard": "s1"})
    assert agency.get("Jobs/1") == {"type": "moveShard", "shard": "s1"}


def test_other_tests_have_other_keys(agency):
    assert agency.get("Jobs/1") is None
    agency.set("Jobs/1", "mine")


def test_what_is_removed_is_gone(agency):
    agency.set("a/b", 1)
    agency.remove("a/b")
    assert not agency.exists("a/b")


@pytest.mark.parametrize("step", [1, 2, 40])
def test_numbers_are_incremented(agency, step):
    agency.increment("counter", step)
    agency.increment("counter")
    assert agency.get("counter") == step + 1


def test_only_the_first_one_gets_a_place(agency):
    assert agency.cas("leader", None, "A")
    assert not agency.cas("leader", None, "B")
    assert agency.get("leader") == "A"


def test_updates_from_several_threads_lose_nothing(agency):
    def add():
        for _ in range(10):
            agency.update("n", lambda n: (n or 0) + 1)

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert agency.get("n") == 30


def test_arrays_grow(agency):
    agency.push("todo", "a")
    agency.push("todo", "b")
    assert agency.get("todo") == ["a", "b"]


def test_a_transaction_that_is_refused_changes_nothing(agency):
    agency.set("version", 1)
    with pytest.raises(agencysh.PreconditionFailed):
        agency.transact([[{"version": 3}, {"version": {"old": 2}}]])
    assert agency.get("version") == 1


def test_waits_end_when_somebody_writes(agency):
    writer = threading.Timer(0.05, agency.set, ("ready", True))
    writer.start()
    assert agency.wait_until("ready", True, timeout=10) is True
    writer.join()


@pytest.mark.agency(fresh=True)
def test_a_fresh_agency_has_its_first_contents_alone(agency):
    assert agency.get("Plan/Version") == 1
    assert not agency.exists("Tests")


def test_scripts_see_the_same_agency(agency_shell):
    agency_shell.agency.set("Target/x", 41)
    assert agency_shell.eval('let a = agency::current(); a.increment("Target/x"); a.get("Target/x")') == 42


def test_scripts_fail_with_their_place(agency_shell):
    with pytest.raises(agencysh.AssertionFailed) as failed:
        agency_shell.eval('import "assert" as assert;\nassert::equal(1, 2);')
    assert failed.value.line == 2


def test_nothing_is_lost_with_the_leader(agency_cluster):
    agency = agency_cluster.agency
    agency.set("Plan/Version", 7)
    killed = agency_cluster.leader()
    agency_cluster.kill(killed)
    assert agency.get("Plan/Version") == 7
    assert agency_cluster.leader() != killed


def test_the_others_do_not_notice(agency):
    agency.set("x", 1)
    assert [one["reachable"] for one in agency.health()["agents"]] == [True] * 3


def test_a_cluster_has_all_its_servers_again(agency_cluster):
    assert [one["state"] for one in agency_cluster.instances()] == ["running"] * 3


def test_a_suspended_follower_catches_up(agency_cluster):
    follower = next(one["name"] for one in agency_cluster.instances() if one["name"] != agency_cluster.leader())
    agency_cluster.pause(follower)
    agency_cluster.agency.set("x", 1)
    agency_cluster.resume(follower)
    assert agency_cluster.agency.get("x") == 1


@pytest.mark.agency_cluster(agents=1, dbservers=3, coordinators=1)
def test_servers_register_themselves(agency_cluster):
    assert len(agency_cluster.agency.get("Current/DBServers")) == 3
    assert len(agency_cluster.agency.get("Current/Coordinators")) == 1


@pytest.mark.agency_cluster(agents=1)
def test_fixtures_of_a_test_have_one_cluster(agency, agency_shell, agency_cluster):
    agency.set("Target/y", [1, 2])
    assert agency_shell.eval('agency::current().get("Target/y").len()') == 2
    assert agency_cluster.agency.get("Target/y") == [1, 2]
