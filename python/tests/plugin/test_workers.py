"""The plugin with pytest-xdist."""

import collections
import json

import pytest

pytest_plugins = "pytester"
pytest.importorskip("xdist")


def notes(suite):
    """What tests wrote down, a line of JSON each."""
    return [json.loads(line) for line in (suite.path / "notes").read_text().splitlines()]


NOTE = """
    import json, pathlib

    def note(**facts):
        facts["worker"] = os.environ["PYTEST_XDIST_WORKER"]
        with open(pathlib.Path(__file__).parent / "notes", "a") as file:
            file.write(json.dumps(facts) + chr(10))
"""


def test_each_worker_has_an_agency_of_its_own(suite):
    suite.python(NOTE + """
    @pytest.mark.parametrize("round", range(12))
    def test_a(agency, round):
        assert agency.read("/") == {}
        agency.set("x", round)
        assert agency.get("x") == round
        note(agents=sorted(one["id"] for one in agency.agents()), key=repr(agency))
    """)
    suite.passes("-n2", passed=12)
    agencies = collections.defaultdict(set)
    for one in notes(suite):
        agencies[one["worker"]].add(tuple(one["agents"]))
    assert set(agencies) == {"gw0", "gw1"}
    assert all(len(used) == 1 for used in agencies.values())
    assert agencies["gw0"].isdisjoint(agencies["gw1"])


def test_all_fixtures_work_in_workers(suite):
    suite.python("""
        @pytest.mark.parametrize("round", range(4))
        class TestAll:
            def test_a(self, agency, agency_shell, round):
                agency.set("x", round)
                assert agency_shell.eval("1") == 1

            def test_b(self, agency_cluster, round):
                agency_cluster.kill(agency_cluster.leader())
                agency_cluster.agency.set("x", 1)
    """)
    suite.passes("-n2", passed=8)


def test_keys_in_an_agency_that_exists_do_not_clash(suite):
    import agencysh

    with agencysh.Cluster(agents=1) as cluster:
        suite.python("""
            @pytest.mark.parametrize("round", range(6))
            def test_a(agency, round):
                for _ in range(5):
                    agency.increment("n")
                assert agency.get("n") == 5
        """)
        # each worker runs each test
        suite.passes("--dist=each", "--tx=2*popen", "--agencysh-endpoint", cluster.instances()[0]["url"], passed=12)
        assert not cluster.agency.exists("Tests")


def test_dumps_do_not_clash(suite):
    suite.python("def test_a(agency):\n    agency.set('x', 1)\n    assert False")
    for options in [["--agencysh-dumps=kept"], []]:
        result = suite.run("--dist=each", "--tx=2*popen", *options)
        result.assert_outcomes(failed=2)
        lines = result.outlines
        told = {lines[at + 1] for at, line in enumerate(lines) if " agencysh dump " in line}
        assert len(told) == 2, result.stdout.str()
    assert len(list((suite.path / "kept").glob("*/*.zip"))) == 2


def test_properties_of_failures_come_back_from_workers(suite):
    suite.python("def test_a(agency):\n    assert False")
    suite.script("fn test_b() { throw 1; }")
    suite.run("-n2", "--junit-xml=report.xml").assert_outcomes(failed=2)
    assert (suite.path / "report.xml").read_text().count('name="agencysh_dump"') == 2


SCRIPT = """
    fn log(what) {
        let worker = env::get("PYTEST_XDIST_WORKER");
        fs::append(`log-${worker}`, what + " ");
    }
    fn set_up_all() { log("first"); }
    fn tear_down_all() { log("last"); }
"""


def test_tests_of_one_file_on_several_workers_have_their_hooks_in_each(suite):
    suite.script(SCRIPT + "\n".join(f'fn test_{n:02}() {{ log("{n:02}"); time::sleep(0.05); }}' for n in range(16)))
    suite.passes("-n2", passed=16)
    ran = []
    for worker in ("gw0", "gw1"):
        words = (suite.path / f"log-{worker}").read_text().split()
        # once for each process, as long as pytest goes on through the file
        assert words[0] == "first" and words[-1] == "last"
        assert words.count("first") == words.count("last") <= 2
        ran += [word for word in words if word.isdigit()]
    assert sorted(ran) == [f"{n:02}" for n in range(16)]


def test_scripts_on_an_agency_that_exists_take_turns(suite):
    import agencysh

    tests = "\n".join(f'fn test_{n}() {{ once(); }}' for n in range(4))
    text = """
        fn cluster() { #{ agents: 1 } }
        fn once() {
            let agency = agency::current();
            if !agency.cas("Testing/busy", (), 1) { throw "somebody else runs"; }
            time::sleep(0.05);
            agency.remove("Testing/busy");
        }
    """
    for name in "abcd":
        suite.script(text + tests, f"{name}_test.rhai")
    with agencysh.Cluster(agents=1) as cluster:
        suite.passes("-n2", "--agencysh-endpoint", cluster.instances()[0]["url"], passed=16)


def test_files_stay_together_when_they_are_wanted_to(suite):
    for name in "ab":
        tests = "\n".join(f'fn test_{n}() {{ log("{name}"); }}' for n in range(6))
        suite.script(SCRIPT + tests, f"{name}_test.rhai")
    suite.passes("-n2", "--dist=loadfile", passed=12)
    for path in suite.path.glob("log-*"):
        words = path.read_text().split()
        for name in "ab":
            assert words.count(name) in (0, 6)


def test_markers_that_are_wrong_are_told_by_workers_too(suite):
    suite.python("""
        @pytest.mark.agency_cluster(agnts=1)
        def test_a(agency_cluster):
            pass
    """)
    result = suite.run("-n2")
    assert result.ret != 0
    assert "unknown option 'agnts': did you mean 'agents'?" in result.stdout.str() + result.stderr.str()
