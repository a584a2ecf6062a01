"""Tests in scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import agencysh

TESTS = """
import "assert" as assert;
fn test_good() { print("from good"); agency::current().set("x", 1); agency::current().remove("x") }
fn test_bad() { assert::equal(1, 2) }
fn test_other() { }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "some_test.rhai").write_text(TESTS)
    (tmp_path / "more_test.rhai").write_text("fn test_more() { }")
    return tmp_path


def test_results_are_data(shell: agencysh.Shell, folder: Path) -> None:
    run = shell.test(folder)
    assert not run and not run.success
    assert (run.passed, run.failed, run.flaky, run.skipped, run.failures) == (3, 1, 0, 0, 1)
    assert run.stopped is None and run.duration > 0
    tests = {test["test"]: test for file in run.files for test in file["tests"]}
    assert {name: test["verdict"] for name, test in tests.items()} == {
        "test_good": "passed",
        "test_bad": "failed",
        "test_other": "passed",
        "test_more": "passed",
    }
    assert tests["test_good"]["output"] == "from good\n"
    (failure,) = tests["test_bad"]["failures"]
    assert (failure["kind"], failure["phase"]) == ("assert.equal", "test")
    assert failure["context"] == {"actual": 1, "expected": 2}
    assert run.to_dict()["failed"] == 1
    assert repr(run) == "<TestRun: 3 passed, 0 flaky, 1 failed, 0 skipped>"


def test_tests_are_chosen(shell: agencysh.Shell, folder: Path) -> None:
    def names(**options: Any) -> set[str]:
        run = shell.test(str(folder), **options)
        return {test["test"] for file in run.files for test in file["tests"] if test["verdict"] != "skipped"}

    assert names(filter="test_o*") == {"test_other"}
    assert names(filter=["test_good", "more_test.rhai::*"]) == {"test_good", "test_more"}
    assert names(only=f"{folder}/some_test.rhai::test_good") == {"test_good"}


def test_each_file_has_servers_of_its_own(folder: Path) -> None:
    (folder / "some_test.rhai").write_text('fn test_alone() { if agency::current().exists("x") { throw "not alone" } agency::current().set("x", 1); }')
    (folder / "more_test.rhai").write_text((folder / "some_test.rhai").read_text())
    with agencysh.Shell(embedded=1) as shell:
        run = shell.test(folder, jobs=2, timeout=60)
        assert run, run.files


def test_events_tell_what_happens(shell: agencysh.Shell, folder: Path) -> None:
    events: list[dict[str, Any]] = []
    shell.test(folder / "some_test.rhai", jobs=1, on_event=events.append)
    assert [event["event"] for event in events] == [
        "run_began",
        "file_began",
        *["test_began", "test_ended"] * 3,
        "file_ended",
    ]
    assert events[0]["files"] == 1 and events[0]["tests"] == 3
    ended = [event for event in events if event["event"] == "test_ended"]
    assert {event["test"]: event["verdict"] for event in ended}["test_bad"] == "failed"
    assert all(event["file"] == str(folder / "some_test.rhai") for event in events[1:])


def test_what_an_observer_raises_comes_out(shell: agencysh.Shell, folder: Path) -> None:
    def fail(event: dict[str, Any]) -> None:
        if event["event"] == "test_began":
            raise LookupError(event["test"])

    with pytest.raises(LookupError, match="test_"):
        shell.test(folder, on_event=fail)


def test_paths_that_lead_nowhere_are_errors(shell: agencysh.Shell, tmp_path: Path) -> None:
    with pytest.raises(agencysh.AgencyshError) as raised:
        shell.test(tmp_path / "none")
    assert raised.value.kind == "test.not_found"
    with pytest.raises(ValueError):
        shell.test(tmp_path, jobs=0)


def test_natives_are_there_for_tests(folder: Path) -> None:
    (folder / "some_test.rhai").write_text("fn test_native() { if own::number() != 7 { throw 1 } }")
    with agencysh.Shell(natives={"own": {"number": lambda: 7}}) as shell:
        assert shell.test(folder / "some_test.rhai")
