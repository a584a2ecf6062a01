"""What is there to be looked at when a test fails."""

import xml.etree.ElementTree
import zipfile

import pytest

pytest_plugins = "pytester"

FAILING = """
    def test_a(agency):
        agency.set("x", "what was there")
        assert False

    @pytest.mark.agency_cluster(agents=1)
    def test_b(agency_cluster):
        agency_cluster.agency.set("y", "what was there")
        assert False

    def test_c(agency_shell):
        agency_shell.eval('agency::current().set("z", "what was there"); throw 1')

    def test_d(agency):
        agency.set("x", 1)
"""


def archives(result):
    """The dumps that a run tells of."""
    lines = result.outlines
    told = [lines[at + 1] for at, line in enumerate(lines) if " agencysh dump " in line]
    assert all(path.endswith(".zip") for path in told), result.stdout.str()
    return told


def content(archive):
    with zipfile.ZipFile(archive) as file:
        return b"".join(file.read(name) for name in file.namelist())


def test_a_failed_test_has_a_dump_of_its_agency(suite):
    suite.python(FAILING)
    result = suite.run()
    result.assert_outcomes(passed=1, failed=3)
    found = archives(result)
    assert len(found) == 3 == len(set(found))
    for archive, name in zip(found, ["test_a", "test_b", "test_c"]):
        assert name in archive and "agencysh-dumps" in archive
        assert b"what was there" in content(archive)
        assert f"test_it.py::{name}".encode() in content(archive)
    # nothing in the folder of the tests
    assert not list(suite.path.glob("*.zip")) and not (suite.path / "out").exists()


def test_dumps_go_where_they_are_wanted(suite):
    suite.python(FAILING)
    for _ in range(2):
        result = suite.run("--agencysh-dumps", "kept")
        result.assert_outcomes(passed=1, failed=3)
        assert all(archive.startswith(str(suite.path / "kept")) for archive in archives(result))
    # nothing has been overwritten
    assert len(list((suite.path / "kept").glob("*/*.zip"))) == 6
    suite.ini("agencysh_dumps = other")
    suite.run()
    assert len(list((suite.path / "other").glob("*/*.zip"))) == 3


def test_dumps_are_told_of_in_junit_s_xml(suite):
    suite.python(FAILING)
    suite.script('fn test_z() { agency::current().set("x", 1); throw 1; }')
    suite.run("--junit-xml=report.xml").assert_outcomes(passed=1, failed=4)
    cases = xml.etree.ElementTree.parse(suite.path / "report.xml").iter("testcase")
    told = {
        case.get("name"): [one.get("value") for one in case.iter("property") if one.get("name") == "agencysh_dump"]
        for case in cases
    }
    assert told.pop("test_d") == []
    assert sorted(told) == ["test_a", "test_b", "test_c", "test_z"]
    for found in told.values():
        (archive,) = found
        assert zipfile.is_zipfile(archive)


def test_the_dump_of_a_script_s_test_has_what_it_left(suite):
    suite.script('fn test_a() { agency::current().set("x", "what was there"); throw 1; }')
    result = suite.run("--agencysh-dumps", "kept")
    (archive,) = archives(result)
    assert archive.startswith(str(suite.path / "kept")) and b"what was there" in content(archive)


def test_fixtures_that_fail_later_have_a_dump_too(suite):
    suite.python("""
        @pytest.fixture
        def prepared(agency):
            agency.set("x", "what was there")
            raise ValueError("not prepared")

        def test_a(prepared):
            pass

        @pytest.fixture
        def tidied(agency):
            yield
            agency.set("x", "what was there")
            raise ValueError("not tidied")

        def test_b(tidied):
            pass
    """)
    result = suite.run()
    result.assert_outcomes(passed=1, errors=2)
    assert b"what was there" in content(archives(result)[0])


def test_agencies_that_exist_are_dumped(suite):
    import agencysh

    suite.python(FAILING)
    with agencysh.Cluster(agents=1) as cluster:
        result = suite.run("--agencysh-endpoint", cluster.instances()[0]["url"])
        result.assert_outcomes(passed=1, failed=3)
        assert all(b"what was there" in content(archive) for archive in archives(result))


def test_a_dump_that_cannot_be_taken_is_told_and_hides_nothing(suite):
    suite.python(FAILING)
    (suite.path / "file").write_text("")
    result = suite.run("--agencysh-dumps", "file", "-k", "test_a")
    result.assert_outcomes(failed=1, deselected=3)
    result.stdout.fnmatch_lines(["*assert False*", "*agencysh dump*", "there is no dump of the agency: *"])


def test_an_expected_failure_leaves_none(suite):
    suite.python("""
        @pytest.mark.xfail
        def test_a(agency):
            assert False
    """)
    result = suite.passes("--agencysh-dumps", "kept", passed=0, xfailed=1)
    assert not (suite.path / "kept").exists()


def test_a_dump_is_taken_of_agents_that_live_when_others_do_not(suite):
    suite.python("""
        def test_a(agency_cluster):
            agency_cluster.agency.set("x", "what was there")
            agency_cluster.kill(agency_cluster.leader())
            assert False
    """)
    result = suite.run()
    result.assert_outcomes(failed=1)
    (archive,) = archives(result)
    assert b"what was there" in content(archive)
