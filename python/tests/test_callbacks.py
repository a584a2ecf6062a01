"""Functions of Python that run while a script does."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest

import agencysh


def test_natives_are_called_with_any_number_of_arguments() -> None:
    natives = {"own": {"count": lambda *given: len(given), "same": lambda value: value, "text": "{} {}".format}}
    with agencysh.Shell(natives=natives) as shell:
        for count in range(9):
            arguments = ", ".join(["0"] * count)
            assert shell.eval(f"own::count({arguments})") == count
        assert shell.eval('own::same(#{ a: [1, (), "x"] })') == {"a": [1, None, "x"]}
        assert shell.eval('own::text("a", 1)') == "a 1"
        # each time anew, also where the arguments do not change
        counter = iter(range(10))
    with agencysh.Shell(natives={"own": {"next": lambda: next(counter)}}) as shell:
        assert shell.eval("[own::next(), own::next(), own::next()]") == [0, 1, 2]


def test_what_natives_raise_comes_out_as_it_was_raised() -> None:
    error = ValueError("mine")

    def fail() -> None:
        raise error

    with agencysh.Shell(natives={"own": {"fail": fail}}) as shell:
        with pytest.raises(ValueError) as raised:
            shell.eval("fn f() { own::fail() }\nf();")
        assert raised.value is error
        cause = error.__cause__
        assert isinstance(cause, agencysh.ScriptError)
        assert (cause.file, cause.line) == ("<eval>", 1)
        assert shell.eval("1") == 1


def test_scripts_catch_what_natives_raise() -> None:
    def fail() -> None:
        raise ValueError("mine")

    with agencysh.Shell(natives={"own": {"fail": fail}}) as shell:
        caught = shell.eval("let caught; try { own::fail() } catch (error) { caught = error } caught")
        assert caught["kind"] == "python.ValueError"
        assert caught["message"] == "mine"
        assert caught["context"]["exception"] == "ValueError"
        with pytest.raises(ValueError, match="mine"):
            shell.eval("try { own::fail() } catch (error) { throw error }")
        with pytest.raises(agencysh.ScriptError, match="another"):
            shell.eval('try { own::fail() } catch (error) { throw "another" }')


def test_errors_of_agencysh_keep_their_kind_in_natives(shell: agencysh.Shell) -> None:
    ask = lambda: shell.agency.config("nobody")
    with agencysh.Shell(natives={"own": {"ask": ask}}) as other:
        code = "let caught; try { own::ask() } catch (error) { caught = error } caught"
        assert other.eval(code)["kind"] == "agency.unknown_agent"
        with pytest.raises(agencysh.AgencyshError) as raised:
            other.eval("own::ask()")
        assert raised.value.kind == "agency.unknown_agent"


def test_results_that_are_no_values_are_type_errors() -> None:
    with agencysh.Shell(natives={"own": {"set": lambda: {1}}}) as shell:
        with pytest.raises(TypeError, match="the result: set is none of"):
            shell.eval("own::set()")


def test_wrong_natives_are_refused() -> None:
    for natives, text in (
        ({"own": {"f": 1}}, r'natives\["own"\]\["f"\] cannot be called'),
        ({"own": 1}, r'natives\["own"\] is to be a dict'),
        ([1], "natives is to be a dict"),
    ):
        with pytest.raises(TypeError, match=text):
            agencysh.Shell(natives=natives)  # type: ignore[arg-type]


def test_a_shell_that_waits_for_itself_says_so() -> None:
    shell: agencysh.Shell
    uses = {"run": lambda: shell.eval("1"), "close": lambda: shell.close(), "agency": lambda: shell.agency.get("x")}
    with agencysh.Shell(embedded=1, natives={"own": uses}) as shell:
        for name in ("run", "close", "agency"):
            with pytest.raises(RuntimeError, match="waits for this very call"):
                shell.eval(f"own::{name}()")
        shell.agency.set("x", 1)
        # no script is needed for that
        assert shell.eval("own::agency()") == 1


def test_natives_may_use_other_shells() -> None:
    with agencysh.Shell() as inner:
        with agencysh.Shell(natives={"own": {"run": inner.eval}}) as outer:
            assert outer.eval('own::run("1 + 1")') == 2


def test_output_goes_to_what_stdout_is(shell: agencysh.Shell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.eval('print("one"); print([1, "é"])')
    assert capsys.readouterr().out.splitlines()[0] == "one"
    shell.eval('print("two")')
    assert capsys.readouterr().out == "two\n"


def test_output_goes_where_it_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    texts: list[str] = []
    with agencysh.Shell(output=texts.append) as shell:
        shell.eval('print("one"); print("two")')
    assert "".join(texts) == "one\ntwo\n"
    assert capsys.readouterr().out == ""


def test_output_that_fails_ends_the_run() -> None:
    def fail(text: str) -> None:
        raise LookupError(text)

    with agencysh.Shell(output=fail) as shell:
        with pytest.raises(LookupError, match="one"):
            shell.eval('print("one"); time::sleep(60)')
        with pytest.raises(LookupError, match="two"):
            shell.eval('print("two")')
        assert shell.eval("1") == 1


def test_without_stdout_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    with agencysh.Shell() as shell:
        monkeypatch.setattr(sys, "stdout", None)
        assert shell.eval('print("one"); 1') == 1


def test_log_lines_are_records_of_logging(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    with agencysh.Shell(log_levels=["all=trace"]) as shell:
        shell.eval(
            'log::fatal("a"); log::error("agency", "b"); log::warn("c"); log::info("100%"); log::trace("agency", "t")'
        )
    lines = [(one.name, one.levelno, one.getMessage()) for one in caplog.records if one.name.startswith("agencysh.")]
    assert lines == [
        ("agencysh.general", logging.CRITICAL, "a"),
        ("agencysh.agency", logging.ERROR, "b"),
        ("agencysh.general", logging.WARNING, "c"),
        ("agencysh.general", logging.INFO, "100%"),
        ("agencysh.agency", 5, "t"),
    ]


def test_levels_leave_lines_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    with agencysh.Shell(log_levels=["general=error"]) as shell:
        shell.eval('log::info("a"); log::error("b")')
    assert [one.getMessage() for one in caplog.records if one.name == "agencysh.general"] == ["b"]


def test_handlers_that_fail_end_the_run() -> None:
    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise LookupError(record.getMessage())

    logger, handler = logging.getLogger("agencysh.agency"), Failing()
    logger.addHandler(handler)
    try:
        with agencysh.Shell() as shell, pytest.raises(LookupError, match="x"):
            shell.eval('log::error("agency", "x"); time::sleep(60)')
    finally:
        logger.removeHandler(handler)


def test_importing_brings_neither_logging_nor_threading(python: Any) -> None:
    printed = python(
        """
        import sys
        before = set(sys.modules)
        import agencysh
        print(sorted(name for name in set(sys.modules) - before if not name.startswith("agencysh")))
        """
    )
    assert not {"logging", "threading", "typing", "pathlib", "inspect"} & set(eval(printed))
