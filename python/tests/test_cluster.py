"""Servers that are ended, suspended and started again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import agencysh


def states(cluster: agencysh.Cluster) -> dict[str, str]:
    return {one["name"]: one["state"] for one in cluster.instances()}


def test_a_cluster_outlives_its_leader() -> None:
    with agencysh.Cluster() as cluster:
        assert cluster.world == "embedded"
        assert cluster.root is None
        cluster.agency.set("x", 1)
        leader = cluster.leader()
        cluster.kill(leader)
        assert states(cluster)[leader] == "stopped"
        assert cluster.agency.get("x") == 1
        assert cluster.leader() != leader
        cluster.restart(leader)
        assert set(states(cluster).values()) == {"running"}
        cluster.stop(leader)
        assert cluster.crashes() == []


def test_servers_are_suspended_and_go_on() -> None:
    with agencysh.Cluster(agents=1, dbservers=1, coordinators=1) as cluster:
        assert list(states(cluster)) == ["agent1", "dbserver1", "coordinator1"]
        cluster.pause("dbserver1")
        assert states(cluster)["dbserver1"] == "suspended"
        cluster.resume("dbserver1")
        assert states(cluster)["dbserver1"] == "running"
        assert cluster.add_dbserver() == "dbserver2"
        assert states(cluster)["dbserver2"] == "running"


def test_a_leader_that_is_cut_off_is_replaced() -> None:
    with agencysh.Cluster() as cluster:
        cluster.agency.set("x", 1)
        leader = cluster.leader()
        cluster.partition([[leader]])
        cluster.agency.set("x", 2)
        assert cluster.leader() != leader
        cluster.heal()
        assert cluster.agency.get("x") == 2
        for groups in ("agent1", ["agent1"], 7):
            with pytest.raises(TypeError):
                cluster.partition(groups)  # type: ignore[arg-type]
        with pytest.raises(agencysh.AgencyshError) as raised:
            cluster.partition([["nobody"]])
        assert raised.value.kind == "cluster.unknown_server"


def test_what_cannot_be_done_is_an_error() -> None:
    with agencysh.Cluster(agents=1) as cluster:
        with pytest.raises(agencysh.AgencyshError) as raised:
            cluster.kill("nobody")
        assert raised.value.kind == "cluster.unknown_server"
        with pytest.raises(agencysh.AgencyshError) as raised:
            cluster.resume("agent1")
        assert raised.value.kind == "cluster.wrong_state"


@pytest.mark.parametrize(
    "options, kind",
    [
        ({"agents": 2}, "usage.agency_size"),
        ({"agent": 3}, "usage.options"),
        ({"world": "moon"}, "usage.options"),
        ({"tls": True}, "cluster.unsupported"),
    ],
    ids=repr,
)
def test_clusters_that_cannot_be_are_refused(options: dict[str, object], kind: str) -> None:
    with pytest.raises(agencysh.AgencyshError) as raised:
        agencysh.Cluster(**options)  # type: ignore[arg-type]
    assert raised.value.kind == kind


def test_shells_share_a_cluster() -> None:
    with agencysh.Cluster(agents=1) as cluster:
        with cluster.shell(deadline=60) as one, agencysh.Shell(cluster=cluster) as other:
            one.eval('agency::current().set("x", 1)')
            assert other.eval('agency::current().get("x")') == 1
            assert other.agency.get("x") == cluster.agency.get("x") == 1
            assert one.cluster is cluster
        # it outlives them
        cluster.agency.set("x", 2)


def test_a_shell_has_the_cluster_that_it_was_made_with() -> None:
    with agencysh.Shell(launch={"world": "embedded", "agents": 3}) as shell:
        cluster = shell.cluster
        assert shell.cluster is cluster
        shell.agency.set("x", 1)
        leader = cluster.leader()
        cluster.kill(leader)
        assert shell.eval('agency::current().get("x")') == 1
        assert cluster.agency.leader() == shell.agency.leader()
        url = cluster.instances()[0]["url"]
        with cluster:
            pass
        assert shell.agency.get("x") == 1
    # its servers end with it
    with agencysh.Shell(endpoints=url, connect_timeout=0.1) as other, pytest.raises(agencysh.ConnectionFailed):
        other.agency.get("x")
    with pytest.raises(agencysh.AgencyshError):
        cluster.instances()


def test_dumps_are_archives(tmp_path: Path) -> None:
    import zipfile

    with agencysh.Cluster(agents=1) as cluster:
        archive = cluster.dump(tmp_path / "dumps")
        assert isinstance(archive, Path) and archive.parent == tmp_path / "dumps"
        assert zipfile.is_zipfile(archive)


def test_a_cluster_that_was_shut_down_refuses_everything() -> None:
    cluster = agencysh.Cluster(agents=1)
    agency = cluster.agency
    cluster.shutdown()
    cluster.shutdown()
    for use in (cluster.instances, lambda: cluster.agency, lambda: agency.get("x"), lambda: cluster.shell()):
        with pytest.raises(agencysh.AgencyshError) as raised:
            use()
        assert raised.value.kind == "host.closed"


def test_processes_are_servers_of_this_installation(tmp_path: Path) -> None:
    with agencysh.Cluster(agents=1, world="processes", root=tmp_path / "root", output_directory=tmp_path) as cluster:
        assert cluster.world == "processes"
        assert cluster.root == tmp_path / "root"
        (agent,) = cluster.instances()
        pid = agent["pid"]
        os.kill(pid, 0)
        cluster.agency.set("x", 1)
        cluster.pause("agent1")
        assert states(cluster) == {"agent1": "suspended"}
        cluster.resume("agent1")
        cluster.kill("agent1")
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        cluster.restart("agent1")
        assert cluster.agency.get("x") == 1
        (agent,) = cluster.instances()
    with pytest.raises(ProcessLookupError):
        os.kill(agent["pid"], 0)


def test_scripts_launch_processes_of_this_installation(tmp_path: Path) -> None:
    with agencysh.Shell(launch={"agents": 1, "root": str(tmp_path / "root")}) as shell:
        assert shell.eval('cluster::current().world') == "processes"
        shell.eval('agency::current().set("x", 1)')
        assert shell.agency.get("x") == 1


def test_topologies_that_are_none_are_refused(tmp_path: Path) -> None:
    missing = tmp_path / "none.json"
    for use in (lambda: agencysh.Cluster.adopt(missing), lambda: agencysh.Shell(topology=missing)):
        with pytest.raises(agencysh.AgencyshError) as raised:
            use()
        assert raised.value.kind in ("cluster.topology", "cluster.no_topology")
