"""Ctrl-C, and interrupts of other threads."""

from __future__ import annotations

import textwrap
import threading
from typing import Any, Callable

import pytest

import agencysh

# How a program interrupts itself, once it waits, and tells how long the wait went on afterwards.
PRELUDE = """
    import os, signal, sys, threading, time
    import agencysh

    sent = []

    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    def soon():
        threading.Timer(0.15, interrupt).start()

    def measured(wait):
        try:
            wait()
        except KeyboardInterrupt:
            print("ended after", time.monotonic() - sent[0])
        else:
            print("not interrupted")
"""

WAITS = {
    "eval": """
        with agencysh.Shell(natives={"own": {"soon": soon}}) as shell:
            measured(lambda: shell.eval("own::soon(); time::sleep(60)"))
            assert shell.eval("1") == 1
    """,
    "sleep": """
        with agencysh.Shell(natives={"own": {"soon": soon}}) as shell:
            measured(lambda: shell.eval("own::soon(); sleep(60)"))
    """,
    "computation": """
        with agencysh.Shell(natives={"own": {"soon": soon}}) as shell:
            measured(lambda: shell.eval("own::soon(); loop { try { loop { } } catch { } }"))
    """,
    "call": """
        with agencysh.Shell(natives={"own": {"soon": soon}}) as shell:
            shell.eval("fn wait() { own::soon(); time::sleep(60) }")
            measured(lambda: shell.call("wait"))
    """,
    "watch": """
        with agencysh.Shell(embedded=1) as shell:
            with shell.agency.watch("x") as changes:
                next(changes)
                soon()
                measured(lambda: next(changes))
            shell.agency.set("x", 1)
    """,
    "wait_until": """
        with agencysh.Shell(embedded=1) as shell:
            measured(lambda: shell.agency.wait_until("x", lambda value: soon(), timeout=60))
            shell.agency.set("x", 1)
    """,
    "operation": """
        with agencysh.Cluster(agents=1) as cluster:
            agency = cluster.agency
            agency.set("x", 1)
            cluster.pause("agent1")
            soon()
            measured(lambda: agency.get("x"))
            cluster.resume("agent1")
            assert agency.get("x") == 1
    """,
    "unreachable": """
        with agencysh.Shell(endpoints="http://127.0.0.1:1", timeout=60, connect_timeout=60) as shell:
            agency = shell.agency
            soon()
            measured(lambda: agency.get("x"))
    """,
    "turn": """
        begun = threading.Event()
        with agencysh.Shell(natives={"own": {"begun": begun.set}}) as shell:
            def run():
                try:
                    shell.eval("own::begun(); time::sleep(60)")
                except agencysh.Interrupted:
                    pass
            other = threading.Thread(target=run)
            other.start()
            begun.wait()
            soon()
            measured(lambda: shell.eval("1"))
            shell.interrupt()
            other.join()
    """,
    "tests": """
        import pathlib, tempfile
        folder = tempfile.TemporaryDirectory()
        (pathlib.Path(folder.name) / "some_test.rhai").write_text("fn test_wait() { own::soon(); time::sleep(60) }")
        with agencysh.Shell(natives={"own": {"soon": soon}}) as shell:
            measured(lambda: shell.test(folder.name))
        folder.cleanup()
    """,
    "start": """
        soon()
        # a program that is no server
        measured(lambda: agencysh.Cluster(agents=1, world="processes", arangod=sys.argv[1]))
    """,
    "functions that use agencysh": """
        with agencysh.Shell(embedded=1) as shell, agencysh.Shell() as other:
            def wait(value):
                soon()
                other.eval("time::sleep(60)")
            measured(lambda: shell.agency.update("x", wait))
            assert not shell.agency.exists("x")
    """,
}


@pytest.mark.parametrize("wait", WAITS)
def test_ctrl_c_ends_every_wait(wait: str, python: Any, tmp_path: Any) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    text = textwrap.dedent(PRELUDE) + textwrap.dedent(WAITS[wait])
    times = []
    # a busy machine may need more than one try
    for _ in range(4):
        word, after, seconds = python(text, str(program)).split()
        assert (word, after) == ("ended", "after")
        times.append(float(seconds))
        if times[-1] < 0.1:
            break
    assert min(times) < 0.1, times


def test_handlers_of_signals_that_do_not_raise_let_it_go_on(python: Any) -> None:
    printed = python(
        """
        import os, signal, threading
        import agencysh
        seen = []
        signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(agencysh.Shell().eval("1 + 1")))
        def handled():
            os.kill(os.getpid(), signal.SIGUSR1)
            while not seen:
                pass
            return seen
        with agencysh.Shell(natives={"own": {"handled": handled}}) as shell:
            print(shell.eval("own::handled()"))
        """
    )
    assert printed == "[2]\n"


def test_what_handlers_of_signals_raise_comes_out(python: Any) -> None:
    printed = python(
        """
        import os, signal
        import agencysh
        def fail(number, frame):
            raise LookupError(number)
        signal.signal(signal.SIGUSR1, fail)
        kill = lambda: os.kill(os.getpid(), signal.SIGUSR1)
        with agencysh.Shell(natives={"own": {"kill": kill}}) as shell:
            try:
                shell.eval("own::kill(); time::sleep(60)")
            except LookupError as error:
                print(error.args[0] == signal.SIGUSR1)
        """
    )
    assert printed == "True\n"


def after(event: threading.Event, do: Callable[[], None]) -> threading.Thread:
    """A thread that does something after an event."""

    def wait() -> None:
        event.wait()
        do()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_other_threads_interrupt_scripts() -> None:
    begun = threading.Event()
    with agencysh.Shell(natives={"own": {"begun": begun.set}}) as shell:
        thread = after(begun, shell.interrupt)
        with pytest.raises(agencysh.Interrupted) as raised:
            shell.eval("own::begun(); time::sleep(60)")
        thread.join()
        assert raised.value.kind == "run.interrupted"
        assert shell.eval("1") == 1
        # an interrupt of nothing does nothing
        shell.interrupt()
        assert shell.eval("1") == 1


def test_other_threads_interrupt_operations(shell: agencysh.Shell, agency: agencysh.Agency) -> None:
    begun = threading.Event()
    thread = after(begun, shell.interrupt)
    with pytest.raises(agencysh.Interrupted):
        agency.wait_until("x", lambda value: begun.set(), timeout=60)
    thread.join()
    agency.set("x", 1)
    assert agency.get("x") == 1


def test_other_threads_interrupt_and_close_watches(shell: agencysh.Shell, agency: agencysh.Agency) -> None:
    changes = agency.watch("x")
    next(changes)
    timer = threading.Timer(0.05, shell.interrupt)
    timer.start()
    with pytest.raises(agencysh.Interrupted):
        next(changes)
    agency.set("x", 1)
    assert next(changes).value == 1
    timer = threading.Timer(0.05, changes.close)
    timer.start()
    assert list(changes) == []


def test_closing_a_shell_ends_what_it_runs() -> None:
    begun = threading.Event()
    shell = agencysh.Shell(natives={"own": {"begun": begun.set}})
    thread = after(begun, shell.close)
    with pytest.raises(agencysh.Interrupted):
        shell.eval("own::begun(); time::sleep(60)")
    thread.join()
    with pytest.raises(agencysh.AgencyshError):
        shell.eval("1")
