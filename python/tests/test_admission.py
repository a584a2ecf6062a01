"""Which tests of a script are run, and which there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import agencysh
from agencysh._agencysh import check_launch
from agencysh._agencysh import tests_of as listed


def test_tests_that_are_answered_with_false_are_skipped(shell: agencysh.Shell, tmp_path: Path) -> None:
    file = tmp_path / "some_test.rhai"
    file.write_text('fn set_up_all() { print("first") }\nfn test_a() { throw 1 }\nfn test_b() { }\nfn test_c() { }')

    def answer(event: dict[str, Any]) -> Any:
        # only False is an answer
        return {"test_a": False, "test_b": None, "test_c": 0}[event["test"]] if event["event"] == "test_began" else False

    run = shell.test(file, on_event=answer)
    assert [test["verdict"] for test in run.files[0]["tests"]] == ["skipped", "passed", "passed"]
    assert run.files[0]["output"] == "first\n"


def test_files_that_are_named_run_whatever_their_markers(shell: agencysh.Shell, tmp_path: Path) -> None:
    (tmp_path / "some-nightly_test.rhai").write_text("fn test_a() { }")
    assert shell.test(tmp_path / "some-nightly_test.rhai").passed == 1
    assert shell.test(tmp_path).skipped == 1


def test_tests_are_listed_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "some_test.rhai"
    file.write_text("throw 1;\nfn test_b() { }\n\nfn test_a() { }\nfn other() { }")
    assert listed(file) == [("test_b", 2), ("test_a", 4)]
    file.write_text("\nfn test_b(x) { }")
    with pytest.raises(agencysh.ScriptError) as raised:
        listed(file)
    assert (raised.value.kind, raised.value.line) == ("test.bad_function", 2)


def test_options_of_clusters_are_checked_without_one() -> None:
    check_launch(agents=5, supervision_grace_period=2.0)
    check_launch(world="processes", tls=True)
    with pytest.raises(agencysh.AgencyshError, match="did you mean 'agents'") as raised:
        check_launch(agnts=1)
    assert raised.value.kind == "usage.options"
