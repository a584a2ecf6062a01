"""Tests in scripts as items of pytest."""

import pytest

pytest_plugins = "pytester"

FAILING = '''
import "assert" as assert;

fn test_passes() {
    print("all is well");
}

fn check(found) {
    assert::equal(found, #{ a: 1 }, "the job");
}

fn test_fails() {
    print("before it fails");
    check(#{ a: 2 });
}

fn test_throws() {
    throw "no reason";
}

fn test_is_skipped() {
    test::skip("not today");
}

fn test_notes_several() {
    check::equal(1, 2);
    check::equal(3, 4);
}
'''


def test_each_function_is_a_test_with_its_place(suite):
    suite.script(FAILING)
    result = suite.run("-v", "-rs")
    result.assert_outcomes(passed=1, failed=3, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "some_test.rhai::test_passes PASSED*",
            "some_test.rhai::test_fails FAILED*",
            "some_test.rhai::test_throws FAILED*",
            "some_test.rhai::test_is_skipped SKIPPED (not today)*",
            "some_test.rhai::test_notes_several FAILED*",
            "SKIPPED * some_test.rhai:20: not today",
        ]
    )


def test_a_failure_shows_place_line_both_values_calls_and_output(suite):
    suite.script(FAILING)
    result = suite.run("-k", "test_fails")
    result.assert_outcomes(failed=1, deselected=4)
    result.stdout.fnmatch_lines(
        [
            "*error[[]assert.equal[]]: the job: *",
            "  --> */some_test.rhai:8:13",
            "8 |     assert::equal(found, #{ a: 1 }, \"the job\");",
            "  |             ^",
            "  = in check, called at */some_test.rhai:13:5",
            "*Captured stdout call*",
            "before it fails",
            "*agencysh dump*",
            "*.zip",
        ]
    )
    said = result.stdout.str()
    assert 'the job: { "a" : 2 } is not { "a" : 1 }' in said
    assert "Traceback" not in said and "all is well" not in said


def test_all_that_a_test_notes_is_shown(suite):
    suite.script(FAILING)
    result = suite.run("-k", "several")
    result.stdout.fnmatch_lines(["*1 is not 2*", "*some_test.rhai:25:*", "*3 is not 4*", "*some_test.rhai:26:*"])


def test_files_are_found_by_either_name_and_others_are_left_alone(suite):
    suite.script("fn test_a() {}", "test_one.rhai")
    suite.script("fn test_b() {}", "deep/er/two_test.rhai")
    suite.script("throw 1;", "three.rhai")
    suite.script("throw 1;", "testing.rhai")
    suite.script("fn helper() {}", "test_none.rhai")
    result = suite.passes("--collect-only", "-q", passed=0)
    lines = [line for line in result.outlines if "::" in line]
    assert lines == ["test_one.rhai::test_a", "deep/er/two_test.rhai::test_b"] or sorted(lines) == [
        "deep/er/two_test.rhai::test_b",
        "test_one.rhai::test_a",
    ]
    suite.passes(passed=2)


def test_nothing_of_a_file_runs_when_its_tests_are_collected(suite):
    suite.script('fs::write("ran", "x");\nfn test_a() {}')
    suite.run("--collect-only")
    assert not (suite.path / "ran").exists()


def test_a_file_that_cannot_be_compiled_is_an_error_with_its_place(suite):
    suite.script("fn test_a() {}\nfn test_b() { let = 1; }")
    suite.script("fn test_c(x) {}", "test_shape.rhai")
    suite.script("fn test_d() {}", "well_test.rhai")
    result = suite.run("--continue-on-collection-errors")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines(["*error[[]script.syntax[]]:*", "  --> *some_test.rhai:2:*", "2 | fn test_b() { let = 1; }"])
    result.stdout.fnmatch_lines(["*test_c takes no argument*", "  --> *test_shape.rhai:1:1"])


def test_tests_are_picked_by_id_by_words_and_by_marks(suite):
    suite.script("fn test_a() {}\nfn test_b() {}", "failover-slow_test.rhai")
    suite.script("fn test_a() {}", "other_test.rhai")
    suite.python("def test_a(): pass")
    suite.passes("failover-slow_test.rhai::test_b", passed=1)
    suite.passes("-k", "failover and test_a", passed=1, deselected=3)
    suite.passes("-m", "slow", passed=2, deselected=2)
    suite.passes("-m", "rhai and not slow", passed=1, deselected=3)
    suite.passes("-m", "slow", "--strict-markers", passed=2, deselected=2)
    result = suite.run("other_test.rhai::test_b")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_conftest_can_mark_them_like_others(suite):
    suite.script("fn test_a() { throw 1; }\nfn test_b() {}\nfn test_c() {}")
    suite.python(
        """
        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name == "test_a":
                    item.add_marker(pytest.mark.xfail)
                if item.name == "test_b":
                    item.add_marker(pytest.mark.skip(reason="no"))
        """,
        "conftest.py",
    )
    suite.passes(passed=1, skipped=1, xfailed=1)


def test_nightly_files_run_when_they_are_asked_for(suite):
    suite.script("fn test_a() {}", "deep-nightly_test.rhai")
    suite.passes("-rs", passed=0, skipped=1).stdout.fnmatch_lines(["*-nightly is left out unless asked for*"])
    suite.passes("deep-nightly_test.rhai", passed=1)
    suite.passes("deep-nightly_test.rhai::test_a", passed=1)
    suite.passes("-m", "nightly", passed=1)


def test_words_of_files_that_agencysh_or_pytest_know_mean_what_they_do_there(suite):
    suite.script("fn test_a() {}", "one-noncluster_test.rhai")
    suite.script("fn test_b() {}", "two-skip-parametrize_test.rhai")
    result = suite.passes("-rs", passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*one-noncluster_test.rhai:1: -noncluster: it is for a server without a cluster"])


HOOKS = """
    fn log(what) {
        let old = if fs::exists("log") { fs::read("log") } else { "" };
        fs::write("log", old + what + " ");
    }
    fn set_up_all() { log("first"); }
    fn set_up(name) { log("before"); }
    fn test_a() { log("a"); }
    fn test_b() { log("b"); throw 1; }
    fn test_c() { log("c"); }
    fn tear_down(name) { log("after"); }
    fn tear_down_all() { log("last"); }
"""


def logged(suite):
    text = (suite.path / "log").read_text()
    (suite.path / "log").unlink()
    return text.split()


def test_hooks_of_all_run_once_for_the_tests_that_are_picked(suite):
    suite.script(HOOKS)
    suite.passes(passed=2, failed=1)
    assert logged(suite) == "first before a after before b after before c after last".split()
    suite.passes("-k", "test_c or test_a", passed=2, deselected=1)
    assert logged(suite) == "first before a after before c after last".split()
    suite.passes("some_test.rhai::test_c", passed=1)
    assert logged(suite) == "first before c after last".split()


def test_nothing_runs_after_the_last_failure_that_is_wanted_but_tear_down_all(suite):
    suite.script(HOOKS)
    suite.script("fn test_z() { fs::write(\"ran\", \"\"); }", "z_test.rhai")
    suite.run("--maxfail=1").assert_outcomes(passed=1, failed=1)
    assert logged(suite) == "first before a after before b after last".split()
    assert not (suite.path / "ran").exists()


def test_another_order_is_right_too(suite):
    suite.script(HOOKS)
    suite.python("def pytest_collection_modifyitems(items): items.reverse()", "conftest.py")
    suite.passes(passed=2, failed=1)
    assert logged(suite) == (
        "first before c after last first before b after last first before a after last".split()
    )


def test_what_set_up_all_fails_with_fails_each_test(suite):
    suite.script('fn set_up_all() { throw "no start"; }\nfn test_a() {}\nfn test_b() {}')
    result = suite.run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["in set_up_all: error*no start", "  --> */some_test.rhai:1:*"])


def test_what_hooks_of_all_print_stands_with_the_last_test(suite):
    suite.script("""
        fn set_up_all() { print("it begins"); }
        fn test_a() { print("it goes on"); }
        fn tear_down_all() { print("it ends"); throw 1; }
    """)
    result = suite.run("-rP")
    result.stdout.fnmatch_lines(["*Captured stdout teardown*", "it begins", "it ends"])
    result.stdout.fnmatch_lines(["*Captured stdout call*", "it goes on"])


def test_what_tear_down_all_fails_with_is_an_error_of_the_last_test(suite):
    suite.script('fn test_a() {}\nfn test_b() {}\nfn tear_down_all() { throw "no end"; }')
    result = suite.run()
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_b*", "in tear_down_all: error*no end", "  --> */some_test.rhai:3:*"])


def test_what_a_file_cannot_say_of_its_cluster_fails_its_tests(suite):
    suite.script('fn cluster() { #{ agnts: 1 } }\nfn test_a() {}')
    result = suite.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*did you mean 'agents'?*"])


def test_a_skip_in_set_up_all_skips_all(suite):
    suite.script('fn set_up_all() { test::skip("not here"); }\nfn test_a() {}\nfn test_b() {}')
    suite.passes("-rs", passed=0, skipped=2).stdout.fnmatch_lines(["*some_test.rhai:*: not here"])


def test_the_deadline_ends_a_test_and_the_others_go_on(suite):
    suite.script("fn test_a() { while true { } }\nfn test_b() {}")
    result = suite.run("--agencysh-deadline=3")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*error[[]test.timeout[]]: test_a took longer than 3 s*"])


def test_a_test_that_needs_more_than_there_is_is_skipped(suite):
    import agencysh

    suite.script("fn cluster() { #{ agents: 1, dbservers: 3 } }\nfn test_a() {}", "more_test.rhai")
    suite.script('fn cluster() { #{ agents: 1 } }\nfn test_b() { agency::current().set("Target/b", 1); }', "same_test.rhai")
    with agencysh.Cluster(agents=1) as cluster:
        result = suite.run("-rs", "--agencysh-endpoint", cluster.instances()[0]["url"])
        result.assert_outcomes(passed=1, skipped=1)
        result.stdout.fnmatch_lines(["*more_test.rhai:2: it needs 3 DB-servers, and there are 0"])
        assert cluster.agency.get("Target/b") == 1


def test_what_is_left_behind_on_servers_that_exist_is_an_error(suite):
    import agencysh

    suite.script('fn cluster() { #{ agents: 1 } }\nfn test_a() { agency::current().set("Testing/x", 1); }')
    with agencysh.Cluster(agents=1) as cluster:
        result = suite.run("--agencysh-endpoint", cluster.instances()[0]["url"])
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(["*the key Testing/x*"])


def test_ctrl_c_ends_a_script_at_once(suite):
    import signal
    import subprocess
    import sys
    import time

    suite.script('fn test_a() { fs::write("ran", "x"); time::sleep(60); }\nfn test_b() {}')
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    process = subprocess.Popen(command, cwd=suite.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        until = time.monotonic() + 60
        while not (suite.path / "ran").exists() and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == pytest.ExitCode.INTERRUPTED, said
    assert "KeyboardInterrupt" in said
