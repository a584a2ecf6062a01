"""The fixture `agency_cluster`."""

import pytest

pytest_plugins = "pytester"


def test_each_test_has_a_cluster_of_its_own(suite):
    suite.python("""
        def test_kills(agency_cluster):
            agency_cluster.agency.set("x", 1)
            leader = agency_cluster.leader()
            agency_cluster.kill(leader)
            assert agency_cluster.agency.get("x") == 1
            assert agency_cluster.leader() != leader

        @pytest.mark.parametrize("round", range(3))
        def test_sees_nothing_of_it(agency_cluster, round):
            assert [one["state"] for one in agency_cluster.instances()] == ["running"] * 3
            assert not agency_cluster.agency.exists("x")
            assert agency_cluster.world == "embedded"
    """)
    suite.passes(passed=4)


def test_the_shared_agency_lives_on_when_a_cluster_is_killed(suite):
    suite.python("""
        def test_a(agency):
            agency.set("x", 1)

        def test_kills(agency_cluster):
            for one in agency_cluster.instances():
                agency_cluster.kill(one["name"])

        def test_b(agency):
            assert all(one["reachable"] for one in agency.health()["agents"])
    """)
    suite.passes(passed=3)


def test_markers_say_what_it_is_made_of_and_the_nearest_counts(suite):
    suite.python("""
        pytestmark = pytest.mark.agency_cluster(agents=1)

        def roles(cluster):
            return [one["role"][0] for one in cluster.instances()]

        def test_a(agency_cluster):
            assert roles(agency_cluster) == ["a"]

        @pytest.mark.agency_cluster(dbservers=2)
        class TestMore:
            def test_b(self, agency_cluster):
                assert roles(agency_cluster) == ["a", "d", "d"]

            @pytest.mark.agency_cluster(dbservers=1, coordinators=1, supervision_grace_period=2.0)
            def test_c(self, agency_cluster):
                assert roles(agency_cluster) == ["a", "d", "c"]
    """)
    suite.passes(passed=3)


def test_agency_and_shell_of_a_test_with_a_cluster_are_that_cluster_s(suite):
    suite.python("""
        @pytest.mark.agency_cluster(agents=1)
        def test_a(agency_shell, agency, agency_cluster):
            agency.set("Target/x", 1)
            assert agency_cluster.agency.get("Target/x") == 1
            assert agency_shell.eval('agency::current().get("Target/x")') == 1
            assert agency_shell.eval("cluster::current().instances().len()") == 1

        def test_b(agency):
            assert not agency.exists("Target/x")
    """)
    suite.passes(passed=2)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("agency_cluster(agnts=1)", "unknown option 'agnts': did you mean 'agents'?"),
        ("agency_cluster(agents=2)", "an agency of 2 agents is not possible: the number must be odd"),
        ("agency_cluster(tls=True)", "servers inside this process have no 'tls'"),
        ("agency_cluster(world='moon')", "describe no cluster"),
        ("agency_cluster(agents='many')", "agents"),
        ("agency_cluster(3)", "takes options by name, such as agents=1, not 3"),
        ("agency(frsh=True)", "takes fresh=True or fresh=False, not frsh"),
        ("agency(True)", "takes fresh=True or fresh=False, not True"),
        ("agency(fresh=1)", "fresh is True or False, not 1"),
    ],
)
def test_markers_with_what_is_no_option_are_refused_before_any_test(suite, mark, said):
    suite.python(f"""
        def test_a():
            open("ran", "w")

        @pytest.mark.{mark}
        def test_b(agency, agency_cluster):
            pass
    """)
    result = suite.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: test_it.py::test_b: @pytest.mark.{mark.split('(')[0]}*"])
    assert said in result.stderr.str()
    assert not (suite.path / "ran").exists()


def test_processes_that_nobody_killed_fail_the_test_with_their_log(suite):
    suite.python("""
        import signal, time

        pytestmark = pytest.mark.agency_cluster(agents=1, dbservers=1, world="processes")

        def pid(cluster):
            return next(one["pid"] for one in cluster.instances() if one["name"] == "dbserver1")

        def end_behind_its_back(cluster):
            os.kill(pid(cluster), signal.SIGKILL)
            while not cluster.crashes():
                time.sleep(0.01)

        def test_crash(agency_cluster):
            end_behind_its_back(agency_cluster)

        def test_crash_and_failure(agency_cluster):
            end_behind_its_back(agency_cluster)
            assert 1 == 2

        def test_killed(agency_cluster):
            agency_cluster.kill("dbserver1")

        def test_well(agency_cluster):
            assert agency_cluster.world == "processes"
    """)
    result = suite.run()
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*dbserver1 (process *) ended unasked: signal 9 (SIGKILL)",
            "*serves at tcp://*",
            "*assert 1 == 2*",
            "*Captured agencysh call*",
            "*dbserver1 (process *) ended unasked: signal 9 (SIGKILL)",
        ]
    )
    assert not (suite.path / "out").exists()


def test_it_can_be_hurt_in_every_way(suite):
    suite.python("""
        def test_a(agency_cluster, tmp_path):
            agency = agency_cluster.agency
            agency.set("x", 1)

            paused = next(one["name"] for one in agency_cluster.instances() if one["name"] != agency_cluster.leader())
            agency_cluster.pause(paused)
            agency.increment("x")
            assert {one["name"]: one["state"] for one in agency_cluster.instances()}[paused] == "suspended"
            agency_cluster.resume(paused)

            cut = agency_cluster.leader()
            agency_cluster.partition([[cut]])
            assert agency.increment("x") and agency_cluster.leader() != cut
            agency_cluster.heal()

            killed = agency_cluster.leader()
            agency_cluster.kill(killed)
            assert agency.get("x") == 3
            agency_cluster.restart(killed)
            assert agency_cluster.dump(tmp_path).exists()

        def test_b(agency_cluster):
            assert all(one["reachable"] for one in agency_cluster.agency.health()["agents"])
            assert not agency_cluster.agency.exists("x")
    """)
    suite.passes(passed=2)


def test_shared_processes_that_a_script_has_ended_are_replaced(suite):
    suite.python("""
        agents = []

        def test_before(agency):
            agents.append({one["id"] for one in agency.agents()})

        def test_same(agency, agency_shell):
            assert agents[0] == {one["id"] for one in agency.agents()}
            assert agency_shell.eval("agency::current().leader()")

        @pytest.mark.parametrize("what", ["kill(9)", "suspend()"])
        def test_breaks(agency, agency_shell, what):
            agency_shell.eval("for one in cluster::current().instances() { one." + what + "; }")

        def test_after(agency):
            agency.set("x", 1)
            assert agents[0].isdisjoint(one["id"] for one in agency.agents())
    """)
    suite.passes("--agencysh-processes", passed=5)


def test_the_option_puts_clusters_into_processes(suite):
    suite.python("""
        @pytest.mark.agency_cluster(agents=1)
        def test_a(agency_cluster):
            assert agency_cluster.world == "processes"

        @pytest.mark.agency_cluster(agents=1, world="embedded")
        def test_b(agency_cluster):
            assert agency_cluster.world == "embedded"

        def test_c(agency, agency_shell):
            agency.set("x", 1)
            assert agency_shell.eval("cluster::current().world") == "processes"
    """)
    suite.passes("--agencysh-processes", passed=3)
