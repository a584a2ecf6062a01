"""Options, variables and settings of the plugin."""

import subprocess
import sys

import agencysh
import pytest

pytest_plugins = "pytester"

SHOWS = """
    def test_a(agency, agency_shell):
        print("agents:", sorted(one["id"] for one in agency.agents()))
        agency.set("x", 1)
        assert agency_shell.eval("agency::current().leader()") == agency.leader()
"""


@pytest.fixture
def cluster():
    with agencysh.Cluster(agents=1) as cluster:
        yield cluster


def url(cluster):
    return cluster.instances()[0]["url"]


def used(result, cluster):
    """Whether the tests used the agency of this cluster."""
    return cluster.instances()[0]["id"] in result.stdout.str()


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(suite, cluster, monkeypatch):
    suite.python(SHOWS)
    with agencysh.Cluster(agents=1) as other, agencysh.Cluster(agents=1) as third:
        suite.ini(f"agencysh_endpoint = {url(third)}")
        assert used(suite.passes("-rA", passed=1), third)
        monkeypatch.setenv("AGENCYSH_ENDPOINT", url(other))
        assert used(suite.passes("-rA", passed=1), other)
        result = suite.passes("-rA", "--agencysh-endpoint", url(cluster), passed=1)
        assert used(result, cluster) and not used(result, other)


def test_several_endpoints_are_one_agency(suite, monkeypatch):
    suite.python("def test_a(agency):\n    assert len(agency.agents()) == 3\n    agency.set('x', 1)")
    with agencysh.Cluster(agents=3) as cluster:
        urls = [one["url"] for one in cluster.instances()]
        suite.passes(*(f"--agencysh-endpoint={url}" for url in urls), passed=1)
        monkeypatch.setenv("AGENCYSH_ENDPOINT", ", ".join(urls))
        suite.passes(passed=1)


def test_a_number_of_agents_starts_so_many(suite):
    suite.python("def test_a(agency):\n    assert len(agency.agents()) == 1")
    suite.passes("--agencysh-embedded=1", passed=1)
    suite.ini("agencysh_embedded = 1")
    suite.passes(passed=1)


def test_a_topology_file_tells_the_agents(suite, monkeypatch):
    suite.python("""
        def test_a(agency, agency_shell):
            agency.set("x", 1)
            assert agency_shell.eval("cluster::current().instances().len()") == 1
            assert len(agency.agents()) == 1
    """)
    suite.script('fn cluster() { #{ agents: 1 } }\nfn test_b() { agency::current().leader(); }')
    with agencysh.Cluster(agents=1, world="processes") as cluster:
        file = cluster.root / "topology.json"
        suite.passes("--agencysh-topology", file, passed=2)
        monkeypatch.setenv("AGENCYSH_TOPOLOGY", str(file))
        suite.passes(passed=2)


def test_secrets_open_agents(suite, tmp_path_factory):
    secret = tmp_path_factory.mktemp("secret") / "secret"
    secret.write_text("a secret of thirty-two characters")
    suite.python("def test_a(agency):\n    agency.set('x', 1)")
    with agencysh.Cluster(agents=1, world="processes", jwt_secret_file=str(secret)) as cluster:
        to = f"--agencysh-endpoint={url(cluster)}"
        result = suite.run(to)
        result.assert_outcomes(errors=1)
        assert "PermissionDenied" in result.stdout.str()
        suite.passes(to, "--agencysh-jwt-secret-file", secret, passed=1)
        suite.ini(f"agencysh_jwt_secret_file = {secret}\nagencysh_endpoint = {url(cluster)}")
        suite.passes(passed=1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--agencysh-embedded=2"], "--agencysh-embedded: '2' is no odd number of agents"),
        (["--agencysh-embedded=x"], "--agencysh-embedded: 'x' is no odd number of agents"),
        (
            ["--agencysh-embedded=1", "--agencysh-endpoint=http://h:1"],
            "--agencysh-endpoint and --agencysh-embedded exclude each other: give one of them",
        ),
        (["--agencysh-topology=none.json"], "--agencysh-topology: there is no file '*none.json'"),
        (["--agencysh-endpoint=none"], "--agencysh-endpoint: tests need an agency, not 'none'"),
        (["--agencysh-arangod=test_it.py"], "--agencysh-arangod needs --agencysh-processes"),
        (["--agencysh-processes", "--agencysh-arangod=none"], "--agencysh-arangod: there is no file '*none'"),
        (["--agencysh-deadline=0"], "--agencysh-deadline: '0' is no number of seconds above 0"),
        (["--agencysh-deadline=soon"], "--agencysh-deadline: 'soon' is no number of seconds above 0"),
        (["--agencysh-jwt-secret-file=none"], "--agencysh-jwt-secret-file: there is no file '*none'"),
        (
            ["--agencysh-jwt-token=x", "--agencysh-username=y"],
            "--agencysh-jwt-token and --agencysh-username exclude each other: give one of them",
        ),
        (["--agencysh-password-file=test_it.py"], "--agencysh-password-file needs --agencysh-username"),
    ],
)
def test_options_that_cannot_be_are_refused_before_any_test(suite, options, said):
    suite.python("def test_a():\n    open('ran', 'w')")
    result = suite.run(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {said}"])
    assert not (suite.path / "ran").exists()


def test_wrong_settings_of_the_file_are_called_by_their_names(suite):
    suite.python("def test_a(): pass")
    suite.ini("agencysh_embedded = 4")
    suite.run().stderr.fnmatch_lines(["ERROR: agencysh_embedded: '4' is no odd number of agents"])


def test_a_wrong_variable_concerns_only_those_who_use_it(suite, monkeypatch):
    monkeypatch.setenv("AGENCYSH_TOPOLOGY", "none.json")
    suite.python("def test_a(): pass\n\ndef test_b(agency): pass")
    result = suite.run()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*AGENCYSH_TOPOLOGY: there is no file '*none.json'"])


def test_nobody_there_is_an_error_that_says_so(suite):
    suite.python("def test_a(agency): pass")
    result = suite.run("--agencysh-endpoint=http://127.0.0.1:9", "--agencysh-deadline=2")
    result.assert_outcomes(errors=1)
    assert "http://127.0.0.1:9" in result.stdout.str()


def test_the_deadline_ends_waits_and_scripts(suite):
    suite.python("""
        import time

        @pytest.fixture(autouse=True)
        def in_time():
            began = time.monotonic()
            yield
            assert time.monotonic() - began < 20

        def test_wait(agency):
            with pytest.raises(agencysh.DeadlineExceeded):
                agency.wait_until("never", 1, timeout=None)

        def test_watch(agency):
            assert [change.path[-1] for change in agency.watch("x")] == ["x"]

        def test_script(agency_shell):
            with pytest.raises(agencysh.DeadlineExceeded):
                agency_shell.eval("time::sleep(60)")
            with pytest.raises(agencysh.DeadlineExceeded):
                agency_shell.agency.wait_until("never", 1, timeout=None)

        def test_cluster(agency_cluster):
            with pytest.raises(agencysh.DeadlineExceeded):
                agency_cluster.agency.wait_until("never", 1, timeout=None)
            with pytest.raises(agencysh.DeadlineExceeded):
                agency_cluster.leader()
    """)
    suite.passes("--agencysh-deadline=1", passed=4)


def test_options_and_markers_and_fixtures_are_told(suite):
    suite.run("--help").stdout.fnmatch_lines(["*--agencysh-endpoint=URL*", "*AGENCYSH_ENDPOINT]*"])
    suite.run("--markers").stdout.fnmatch_lines(["@pytest.mark.agency(fresh=False)*", "@pytest.mark.agency_cluster(*"])
    suite.run("--fixtures").stdout.fnmatch_lines(["agency -- *", "agency_cluster -- *", "agency_shell -- *"])


def test_whoever_does_not_use_it_does_not_load_it(suite):
    suite.python("""
        import sys

        def test_a():
            loaded = {name for name in sys.modules if name.startswith("agencysh")}
            assert loaded == {"agencysh", "agencysh._pytest", "agencysh._pytest.options", "agencysh.pytest_plugin"}
    """)
    text = (suite.path / "test_it.py").read_text()
    (suite.path / "test_it.py").write_text(text.replace("import os, pytest, agencysh", ""))
    suite.passes("--agencysh-embedded=1", passed=1)


def test_the_plugin_is_told_of_by_its_entry_point():
    code = "import importlib.metadata as m; print([e.value for e in m.entry_points(group='pytest11') if e.name == 'agencysh'])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "['agencysh.pytest_plugin']"
