"""Agencies without scripts."""

from __future__ import annotations

import threading
from typing import Any, Callable

import pytest

import agencysh
from agencysh import ABSENT


def test_everyday_operations(agency: agencysh.Agency) -> None:
    assert agency.get("x") is None
    assert agency.get("x", ABSENT) is ABSENT
    assert agency.get("x", 7) == 7
    first = agency.set("x", {"a": 1})
    assert agency.get("x") == {"a": 1}
    assert agency.get("x/a") == 1
    assert agency.exists("x/a") and not agency.exists("x/b")
    assert agency.increment("x/a") > first
    agency.increment("x/a", 5)
    agency.increment("x/a", step=-2)
    assert agency.get("x/a") == 5
    agency.push("list", 1)
    agency.push("list", [2])
    assert agency.get("list") == [1, [2]]
    agency.remove("x")
    agency.remove("x")
    assert not agency.exists("x")


def test_null_is_not_nothing(agency: agencysh.Agency) -> None:
    agency.set("x", None)
    assert agency.get("x", ABSENT) is None
    assert agency.exists("x")


def test_cas_swaps_what_is_expected(agency: agencysh.Agency) -> None:
    assert agency.cas("x", None, 1)
    assert not agency.cas("x", None, 2)
    assert not agency.cas("x", ABSENT, 2)
    assert not agency.cas("x", 2, 3)
    assert agency.cas("x", 1, {"a": []})
    assert agency.cas("x", {"a": []}, 2)
    assert agency.cas("y", ABSENT, 1)
    assert agency.get("x") == 2


def test_update_counts_every_step_of_many_threads(agency: agencysh.Agency) -> None:
    def count() -> None:
        for _ in range(10):
            agency.update("n", lambda n: (n or 0) + 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert agency.get("n") == 40


def test_update_leaves_what_none_is_returned_for(agency: agencysh.Agency) -> None:
    assert agency.update("x", lambda old: None) is None
    assert not agency.exists("x")
    assert agency.update("x", lambda old: 1) == 1
    assert agency.update("x", lambda old: None) == 1


def test_what_functions_raise_comes_out(agency: agencysh.Agency) -> None:
    error = LookupError("mine")

    def fail(value: Any) -> Any:
        raise error

    uses: list[Callable[[], Any]] = [
        lambda: agency.update("x", fail),
        lambda: agency.wait_until("x", fail, timeout=60),
    ]
    for use in uses:
        with pytest.raises(LookupError) as raised:
            use()
        assert raised.value is error
    with pytest.raises(TypeError, match="the new value: set is none of"):
        agency.update("x", lambda old: {1})


def test_functions_may_use_the_agency(agency: agencysh.Agency) -> None:
    agency.set("other", 20)
    assert agency.update("x", lambda old: agency.get("other") + 1) == 21
    assert agency.wait_until("x", lambda value: agency.exists("other"), timeout=60) == 21


def test_read_gives_one_tree(shell: agencysh.Shell, agency: agencysh.Agency) -> None:
    agency.set("a/b", 1)
    agency.set("c", 2)
    assert agency.read(["a/b", "c", "missing"]) == {"a": {"b": 1}, "c": 2}
    assert agency.read("a") == {"a": {"b": 1}}
    assert agency.read("missing") == {}
    whole = shell.agency.read("Tests/test_read_gives_one_tree/c")
    assert whole == {"arango": {"Tests": {"test_read_gives_one_tree": {"c": 2}}}}
    with pytest.raises(ValueError):
        agency.read([])


def test_transactions_give_a_result_for_each(agency: agencysh.Agency) -> None:
    first, second = agency.transact(
        [[{"n": 1}], ({"n": {"op": "increment", "step": 2}, "m": [1]}, {"n": {"old": 1}}, "an id of ours")]
    )
    assert 0 < first < second
    results = agency.transact([["n", "m"], [{"n": 9}], ["n"]])
    assert results[0] == {"n": 3, "m": [1]}
    assert results[1] > second
    assert results[2] == {"n": 9}


def test_prefixes_keep_everything_below(shell: agencysh.Shell, agency: agencysh.Agency) -> None:
    own = agency.prefix("deep").prefix("/er/")
    own.set("/a", 1)
    own.set("b/c", 2)
    own.set("arango", 3)
    path = "Tests/test_prefixes_keep_everything_below/deep/er"
    assert shell.agency.get(path) == {"a": 1, "b": {"c": 2}, "arango": 3}
    assert own.get("") == own.get("/") == {"a": 1, "b": {"c": 2}, "arango": 3}
    assert shell.agency.prefix("/").get("arango/" + path + "/a") == 1
    assert repr(own) == f"<Agency below /arango/{path}>"


def test_watch_gives_each_change(agency: agencysh.Agency) -> None:
    with agency.watch("x", timeout=60) as changes:
        assert next(changes).value is ABSENT
        for value in (1, {"a": [2]}, None):
            agency.set("x", value)
            change = next(changes)
            assert change.value == value
            assert change.path == "/arango/Tests/test_watch_gives_each_change/x"
        agency.set("x/below", 1)
        assert next(changes).value == {"below": 1}
        agency.remove("x")
        assert next(changes).value is ABSENT
    assert list(changes) == []


def test_watch_ends_with_its_time(agency: agencysh.Agency) -> None:
    agency.set("x", 1)
    assert [change.value for change in agency.watch("x", timeout=1)] == [1]


def test_watch_is_ended_by_its_shell() -> None:
    shell = agencysh.Shell(embedded=1)
    changes = shell.agency.watch("x")
    next(changes)
    closing = threading.Timer(0.05, shell.close)
    closing.start()
    with pytest.raises(agencysh.AgencyshError) as raised:
        next(changes)
    closing.join()
    assert raised.value.kind == "host.closed"
    assert list(changes) == []


def test_wait_until_sees_what_others_do(agency: agencysh.Agency) -> None:
    timer = threading.Timer(0.05, lambda: agency.set("x", {"n": 3}))
    timer.start()
    assert agency.wait_until("x/n", lambda n: n is not None and n >= 3, timeout=60) == 3
    timer.join()
    assert agency.wait_until("x", {"n": 3}, timeout=60) == {"n": 3}
    assert agency.wait_until("y", ABSENT) is None
    assert agency.wait_until("y", None, timeout=None) is None


def test_wait_until_fails_when_the_time_is_over(agency: agencysh.Agency) -> None:
    with pytest.raises(TimeoutError) as raised:
        agency.wait_until("x", 1, timeout=1)
    assert isinstance(raised.value, agencysh.DeadlineExceeded)
    assert raised.value.kind == "agency.wait_timeout"
    with pytest.raises(ValueError):
        agency.wait_until("x", 1, timeout=-1)


def test_agents_tell_of_themselves() -> None:
    with agencysh.Shell(embedded=3) as shell:
        agency = shell.agency
        leader = agency.leader()
        agents = agency.agents()
        assert len(agents) == 3
        assert [agent["id"] for agent in agents if agent["leading"]] == [leader]
        health = agency.health()
        assert health["healthy"] and health["leader_id"] == leader
        assert all(agent["reachable"] for agent in health["agents"])
        assert set(agency.config()["configuration"]["pool"]) == {agent["id"] for agent in agents}
        assert agency.config(leader)["leaderId"] == leader
        agency.set("x", 1)
        assert agency.state()["agency"]["arango"]["x"] == 1
        assert "log" in agency.state(leader)
        with pytest.raises(agencysh.AgencyshError) as raised:
            agency.config("nobody")
        assert raised.value.kind == "agency.unknown_agent"
