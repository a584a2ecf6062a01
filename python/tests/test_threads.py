"""Several threads, several shells, and what they leave behind."""

from __future__ import annotations

import threading
from typing import Any

import agencysh


def test_other_threads_run_while_a_script_waits() -> None:
    counted = 0
    ends = threading.Event()

    def count() -> None:
        nonlocal counted
        while not ends.is_set():
            counted += 1

    thread = threading.Thread(target=count)
    thread.start()
    try:
        with agencysh.Shell(embedded=1) as shell:
            waits = (
                lambda: shell.eval("time::sleep(0.2)"),
                lambda: list(shell.agency.watch("x", timeout=1)),
            )
            for wait in waits:
                before = counted
                wait()
                assert counted - before > 1000
    finally:
        ends.set()
        thread.join()


def test_two_shells_run_at_the_same_time() -> None:
    meets = threading.Barrier(2, timeout=60)

    def meet() -> None:
        meets.wait()

    results: list[Any] = []

    def run(number: int) -> None:
        with agencysh.Shell(embedded=1, natives={"own": {"meet": meet}}) as shell:
            shell.agency.set("number", number)
            results.append(shell.eval('own::meet(); agency::current().get("number")'))

    threads = [threading.Thread(target=run, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [1, 2]


def test_threads_take_turns_in_one_shell() -> None:
    inside: list[int] = []
    most: list[int] = []

    def enter() -> None:
        inside.append(1)
        most.append(len(inside))

    def leave() -> None:
        inside.pop()

    with agencysh.Shell(natives={"own": {"enter": enter, "leave": leave}}) as shell:

        def run() -> None:
            for _ in range(5):
                shell.eval("own::enter(); time::sleep(0.001); own::leave()")

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == [1] * 20


def test_one_agency_serves_many_threads(agency: agencysh.Agency) -> None:
    def work(number: int) -> None:
        for step in range(20):
            agency.set(f"{number}", step)
            assert agency.get(f"{number}") == step

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert agency.get("") == {f"{number}": 19 for number in range(6)}


def test_closed_shells_leave_no_thread_and_no_file(python: Any) -> None:
    printed = python(
        """
        import gc, os, time
        import agencysh

        def counts():
            gc.collect()
            return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))

        def settled(most):
            end = time.monotonic() + 30
            while any(now > then for now, then in zip(counts(), most)) and time.monotonic() < end:
                time.sleep(0.01)
            return counts()

        def use(shell):
            shell.eval("fn f() { 1 }")
            assert shell.call("f") == 1

        def use_agency(shell):
            shell.agency.set("x", 1)
            shell.eval('agency::current().get("x")')
            changes = shell.agency.watch("x")
            next(changes)
            return shell.agency

        # what is made once in a process
        with agencysh.Shell(embedded=1) as shell:
            use(shell)
            use_agency(shell)
        del shell
        before = settled((1, 3))
        for number in range(200):
            with agencysh.Shell() as shell:
                use(shell)
        for number in range(20):
            with agencysh.Shell(embedded=1, natives={"own": {"f": len}}) as shell:
                use_agency(shell)
        # without an end of their own
        for number in range(10):
            shell = agencysh.Shell(embedded=1)
            use(shell)
            use_agency(shell)
        cluster = agencysh.Cluster(agents=1)
        del shell, cluster
        print(before, settled(before))
        """
    )
    before, after = eval(printed.replace(") (", "), ("))
    assert after[0] <= before[0] and after[1] <= before[1], printed


def test_a_process_ends_with_shells_that_nobody_closed(python: Any) -> None:
    python(
        """
        import threading
        import agencysh
        shell = agencysh.Shell(embedded=3)
        agency = shell.agency
        agency.set("x", 1)
        changes = agency.watch("x")
        next(changes)
        threading.Thread(target=lambda: agency.wait_until("x", 2, timeout=60), daemon=True).start()
        threading.Thread(target=lambda: agencysh.Shell().eval("time::sleep(60)"), daemon=True).start()
        """
    )
