"""Running scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import agencysh


def test_eval_gives_the_value_of_the_last_expression(shell: agencysh.Shell) -> None:
    assert shell.eval("let x = 40; x + 2") == 42
    assert shell.eval("") is None


def test_run_gives_arguments_to_a_file(shell: agencysh.Shell, tmp_path: Path) -> None:
    script = tmp_path / "script.rhai"
    script.write_text("env::args()")
    assert shell.run(script, "a", "b c") == ["a", "b c"]
    assert shell.run(str(script)) == []


def test_run_text_has_a_name(shell: agencysh.Shell) -> None:
    assert shell.run_text("env::args()[0]", "one") == "one"
    with pytest.raises(agencysh.ScriptError) as raised:
        shell.run_text("no_such()", name="mine.rhai")
    assert raised.value.file == "mine.rhai"


def test_call_finds_functions_of_the_script_that_ran_last(shell: agencysh.Shell) -> None:
    shell.eval("fn add(a, b) { a + b } fn nothing() { }")
    assert shell.call("add", 1, 2) == 3
    assert shell.call("add", "a", "b") == "ab"
    assert shell.call("nothing") is None
    with pytest.raises(agencysh.ScriptError) as raised:
        shell.call("missing", 1)
    assert raised.value.kind == "script.unknown_function"


def test_calls_before_any_script_fail() -> None:
    with agencysh.Shell() as shell, pytest.raises(agencysh.AgencyshError) as raised:
        shell.call("f")
    assert raised.value.kind == "host.nothing_to_call"


def test_exit_is_an_exception_unless_all_is_well(shell: agencysh.Shell) -> None:
    assert shell.eval("exit(0)") is None
    with pytest.raises(agencysh.ScriptExit) as raised:
        shell.eval("exit(3)")
    assert raised.value.exit_code == 3


def test_settings_reach_the_script(tmp_path: Path) -> None:
    (tmp_path / "beside.rhai").write_text("fn number() { 7 }")
    settings: dict[str, Any] = {
        "arguments": ("a", "b"),
        "modules": {"own": "fn number() { 5 }"},
        "module_folders": [tmp_path],
        "temp_dir": tmp_path / "temporary",
        "seed": 1,
        "limits": {"array_size": 10},
    }
    with agencysh.Shell(**settings) as shell:
        assert shell.eval("env::args()") == ["a", "b"]
        assert shell.eval('import "own" as own; own::number()') == 5
        assert shell.eval('import "beside" as beside; beside::number()') == 7
        first = shell.eval("random::int32()")
        with pytest.raises(agencysh.AgencyshError):
            shell.eval("let a = []; for i in 0..100 { a.push(i) }")
    with agencysh.Shell(seed=1) as shell:
        assert shell.eval("random::int32()") == first


@pytest.mark.parametrize(
    "settings, text",
    [
        ({"embedded": 3, "endpoints": "http://127.0.0.1:1"}, "exclude each other"),
        ({"embedded": 2}, "must be odd"),
        ({"deadline": -1}, "no number of seconds"),
        ({"password": "x", "endpoints": ["http://127.0.0.1:1"]}, "needs username"),
        ({"log_levels": ["nothing=at all"]}, "log_levels"),
        ({"launch": {"agent": 3}}, "launch describes no cluster"),
        ({"modules": {"assert": ""}}, "taken by a module of agencysh"),
        ({"natives": {"agency": {"f": len}}}, "taken by a module of agencysh"),
        ({"arguments": 7}, "'arguments' is not as it should be"),
    ],
    ids=repr,
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(agencysh.AgencyshError) as raised:
        agencysh.Shell(**settings)
    assert text in str(raised.value)


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'embeded'"):
        agencysh.Shell(embeded=3)  # type: ignore[call-arg]


def test_a_shell_without_an_agency_says_so() -> None:
    with agencysh.Shell() as shell:
        for use in (lambda: shell.agency, lambda: shell.eval("agency::current()")):
            with pytest.raises(agencysh.AgencyshError) as raised:
                use()
            assert raised.value.kind == "agency.no_target"
        with pytest.raises(agencysh.AgencyshError) as raised:
            shell.cluster
        assert raised.value.kind == "cluster.not_ours"


def test_a_shell_connects_to_agents_that_exist(shell: agencysh.Shell) -> None:
    endpoint = shell.agency.agents()[0]["endpoint"]
    for endpoints in (endpoint, [endpoint]):
        with agencysh.Shell(endpoints=endpoints, timeout=10) as other:
            other.agency.set("Tests/connects", 1)
            assert other.eval('agency::current().get("Tests/connects")') == 1
    assert shell.agency.get("Tests/connects") == 1


def test_a_closed_shell_refuses_everything() -> None:
    shell = agencysh.Shell(embedded=1)
    agency = shell.agency
    agency.set("x", 1)
    shell.close()
    shell.close()
    uses = (
        lambda: shell.eval("1"),
        lambda: shell.agency,
        lambda: shell.cluster,
        lambda: shell.test("."),
        lambda: agency.get("x"),
        lambda: agency.watch("x"),
    )
    for use in uses:
        with pytest.raises(agencysh.AgencyshError) as raised:
            use()
        assert raised.value.kind == "host.closed"
    shell.interrupt()


def test_classes_can_be_extended() -> None:
    class Mine(agencysh.Shell):
        def twice(self, code: str) -> Any:
            return self.eval(code), self.eval(code)

    with Mine() as shell:
        assert shell.twice("1") == (1, 1)


def test_everything_is_documented() -> None:
    for name in agencysh.__all__:
        thing = getattr(agencysh, name)
        if not isinstance(thing, type):
            continue
        assert thing.__doc__, name
        for member, value in vars(thing).items():
            if not member.startswith("_") and not isinstance(value, str):
                assert value.__doc__, f"{name}.{member}"
