"""Errors are exceptions with all that is known of them."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any, Callable

import pytest

import agencysh


def test_script_errors_know_their_place(shell: agencysh.Shell, tmp_path: Path) -> None:
    script = tmp_path / "script.rhai"
    script.write_text("fn inner() {\n    let x = 1;\n    x.no_such_thing(2)\n}\ninner();\n")
    with pytest.raises(agencysh.ScriptError) as raised:
        shell.run(script)
    error = raised.value
    assert (error.file, error.line) == (str(script), 3)
    assert error.source_line is not None and error.source_line.strip() == "x.no_such_thing(2)"
    assert [(call["function"], call["line"]) for call in error.trace] == [("inner", 5)]
    assert error.kind == "script.unknown_function"
    text = str(error)
    assert error.message in text
    assert f"at {script}:3:" in text
    assert "in inner, called at" in text


def test_what_scripts_throw_comes_with_its_members(shell: agencysh.Shell) -> None:
    with pytest.raises(agencysh.ScriptError) as raised:
        shell.eval('throw #{ kind: "mine.own", message: "a text", error_num: 7, code: 404, context: #{ a: [1] } }')
    error = raised.value
    assert (error.kind, error.message, error.error_num, error.code) == ("mine.own", "a text", 7, 404)
    assert error.context == {"a": [1]}


def test_failed_assertions_are_assertion_errors(shell: agencysh.Shell) -> None:
    with pytest.raises(AssertionError) as raised:
        shell.eval('import "assert" as assert; assert::equal(1 + 1, 3)')
    error = raised.value
    assert isinstance(error, agencysh.AssertionFailed)
    assert isinstance(error, agencysh.ScriptError)
    assert (error.context["actual"], error.context["expected"]) == (2, 3)
    assert error.line == 1


def test_deadlines_are_timeout_errors() -> None:
    with agencysh.Shell(deadline=0.05) as shell:
        for code in ("time::sleep(60)", "loop { try { while true {} } catch { } }"):
            with pytest.raises(TimeoutError) as raised:
                shell.eval(code)
            assert isinstance(raised.value, agencysh.DeadlineExceeded)
        # and the next run has time of its own
        assert shell.eval("1") == 1


def test_nobody_there_is_a_connection_error() -> None:
    with agencysh.Shell(endpoints="http://127.0.0.1:1", timeout=1.0, connect_timeout=0.2) as shell:
        uses: list[Callable[[], Any]] = [
            lambda: shell.agency.get("x"),
            lambda: shell.eval('agency::current().get("x")'),
        ]
        for use in uses:
            with pytest.raises(ConnectionError) as raised:
                use()
            assert isinstance(raised.value, agencysh.ConnectionFailed)
            assert raised.value.kind == "agency.unreachable"
            assert "caused by" in str(raised.value) or "refused" in str(raised.value)


def test_what_is_forbidden_is_a_permission_error(shell: agencysh.Shell) -> None:
    with agencysh.Shell(permissions="none") as strict:
        with pytest.raises(PermissionError) as raised:
            strict.eval('fs::read("/etc/hostname")')
        assert isinstance(raised.value, agencysh.PermissionDenied)
        assert raised.value.kind == "permission.files"
    endpoint = shell.agency.agents()[0]["endpoint"]
    with agencysh.Shell(endpoints=endpoint, permissions={"read_only": True}) as reader:
        with pytest.raises(PermissionError):
            reader.eval('agency::current().set("x", 1)')


def test_refused_transactions_tell_of_each(agency: agencysh.Agency) -> None:
    agency.set("a", 1)
    transactions = [
        [{"b": 1}, {"a": {"old": 1}}],
        [{"b": 2}, {"a": {"old": 2}}],
        [{"b": 3}, {"a": {"old": 1}}],
    ]
    with pytest.raises(agencysh.PreconditionFailed) as raised:
        agency.transact(transactions)
    first, second, third = raised.value.outcomes
    assert first > 0 and second == 0 and third > first
    assert agency.get("b") == 3
    with pytest.raises(agencysh.PreconditionFailed) as raised:
        agency.transact([["b"], *transactions[1:2]])
    assert raised.value.outcomes == [{"b": 3}, 0]


def test_operations_that_fail_are_no_precondition(agency: agencysh.Agency) -> None:
    uses: list[Callable[[], Any]] = [
        lambda: agency.set("a", {"x/y": 1}),
        lambda: agency.transact([[{"a": {"op": "none"}}]]),
    ]
    for use in uses:
        with pytest.raises(agencysh.AgencyshError) as raised:
            use()
        assert not isinstance(raised.value, agencysh.PreconditionFailed)


def test_transactions_of_another_shape_are_refused(agency: agencysh.Agency) -> None:
    wrong: list[Any] = [[], [[]], ["x"], [[{}]], [[{"a": 1}, 7]], 7]
    for transactions in wrong:
        with pytest.raises(agencysh.AgencyshError) as raised:
            agency.transact(transactions)
        assert raised.value.kind == "argument.invalid"


def test_exceptions_can_be_copied_and_sent(shell: agencysh.Shell) -> None:
    with pytest.raises(agencysh.AssertionFailed) as raised:
        shell.eval('import "assert" as assert; assert::equal(1, 2)')
    others = (agencysh.PreconditionFailed("a"), agencysh.DeadlineExceeded("b", "c"), agencysh.ScriptExit("d"))
    for error in (raised.value, *others):
        for same in (copy.copy(error), pickle.loads(pickle.dumps(error))):
            assert type(same) is type(error)
            assert str(same) == str(error)
            assert vars(same) == vars(error)
