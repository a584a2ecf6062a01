"""The fixtures `agency` and `agency_shell`."""

import agencysh
import pytest

pytest_plugins = "pytester"


def test_tests_share_an_agency_and_no_keys(suite):
    suite.python("""
        def test_a(agency):
            assert agency.read("/") == {}
            agency.set("x", os.getpid())
            agency.set("/Plan/Version", "below the test's own key")

        def test_b(agency):
            assert agency.read("/") == {}
            # one agency for both: it knows how many writes there were before
            assert agency.set("x", 1) > 3
    """)
    suite.passes(passed=2)


def test_keys_are_removed_after_the_test_also_when_it_fails(suite):
    with agencysh.Cluster(agents=1) as cluster:
        suite.python("""
            def test_a(agency):
                agency.set("x", {"y": 1})

            def test_b(agency):
                agency.set("x", 1)
                assert False

            def test_c(agency):
                pass
        """)
        before = set(cluster.agency.read("/")["arango"]) - {"Supervision"}
        result = suite.run("--agencysh-endpoint", cluster.instances()[0]["url"])
        result.assert_outcomes(passed=2, failed=1)
        assert not cluster.agency.exists("Tests")
        # all else, but what the supervision notes
        assert set(cluster.agency.read("/")["arango"]) - {"Supervision"} == before


def test_the_key_tells_the_test(suite):
    suite.python("""
        @pytest.mark.parametrize("what", ["a/b", "a b"])
        def test_a(agency, what):
            assert "Tests/test_it.py--test_a[a-b]" in repr(agency), repr(agency)
            agency.set("x", what)
    """)
    suite.passes(passed=2)


def test_what_others_have_below_the_key_of_tests_stays(suite):
    with agencysh.Cluster(agents=1) as cluster:
        cluster.agency.set("Tests/other", 1)
        suite.python("def test_a(agency): agency.set('x', 1)")
        suite.passes("--agencysh-endpoint", cluster.instances()[0]["url"], passed=1)
        assert cluster.agency.get("Tests") == {"other": 1}


def test_a_fresh_agency_is_whole_and_nobody_else_s(suite):
    suite.python("""
        @pytest.mark.agency(fresh=True)
        def test_a(agency):
            assert agency.get("Plan/Version") == 1
            agency.set("Plan/Version", 77)

        @pytest.mark.agency(fresh=True)
        def test_b(agency):
            assert agency.get("Plan/Version") == 1

        def test_c(agency):
            assert agency.read("/") == {}

        @pytest.mark.agency(fresh=True)
        class TestAll:
            def test_d(self, agency):
                assert agency.exists("Plan/Version")

            @pytest.mark.agency(fresh=False)
            def test_e(self, agency):
                assert not agency.exists("Plan/Version")
    """)
    suite.passes(passed=5)


def test_tests_on_an_agency_that_exists_have_keys_also_when_they_want_a_fresh_one(suite):
    with agencysh.Cluster(agents=1) as cluster:
        suite.python("""
            @pytest.mark.agency(fresh=True)
            def test_a(agency):
                agency.set("x", 1)
                assert agency.read("/") == {"x": 1}
        """)
        suite.passes("--agencysh-endpoint", cluster.instances()[0]["url"], passed=1)


def test_scripts_have_the_agency_of_the_test(suite):
    suite.python("""
        def test_a(agency, agency_shell):
            agency.set("Target/x", 41)
            agency_shell.eval('agency::current().increment("Target/x")')
            assert agency.get("Target/x") == 42

        def test_b(agency_shell):
            assert agency_shell.eval('agency::current().get("Target/x")') is None

        def test_c(agency_shell, capsys):
            agency_shell.eval("print(1 + 1)")
            assert capsys.readouterr().out == "2" + chr(10)
    """)
    suite.passes(passed=3)


def test_scripts_that_break_their_servers_disturb_nobody(suite):
    suite.python("""
        def test_before(agency):
            agency.set("x", 1)

        def test_breaks(agency_shell):
            agency_shell.eval('''
                let c = cluster::current();
                for instance in c.instances() { instance.kill(9); }
            ''')

        def test_after(agency):
            assert all(one["reachable"] for one in agency.health()["agents"])

        def test_scripts_after(agency_shell):
            assert all(one["reachable"] for one in agency_shell.agency.health()["agents"])
    """)
    suite.passes(passed=4)


def test_what_a_test_starts_ends_with_it(suite):
    suite.python("""
        import threading

        def count():
            return len(os.listdir("/proc/self/task"))

        def test_a(agency):
            agency.set("x", 1)

        before = []

        @pytest.mark.parametrize("round", range(4))
        def test_b(agency_shell, round):
            agency_shell.eval('agency::current().leader()')

        @pytest.mark.parametrize("round", range(4))
        def test_c(agency_cluster, round):
            agency_cluster.leader()

        def test_d(agency):
            assert count() < 40, count()
    """)
    suite.passes(passed=10)
