"""Runs the tests of one script file on a thread of its own, each when it is asked for."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from agencysh import Shell, TestRun

# A test that takes longer is ended, unless --agencysh-deadline says otherwise; in seconds.
TEST_LIMIT = 900.0


class FileRun:
    """One run through a file: servers, ``set_up_all``, the tests that are asked for, ``tear_down_all``.

    agencysh goes through the tests in their order in the file and asks before each whether it is wanted; the answer waits until one of them is.
    So the hooks of all run once, however few of the tests are asked for, and none runs ahead of pytest.
    """

    def __init__(self, path: Path, shell: Shell, deadline: Optional[float], dumps: Path) -> None:
        self._path = path
        self._shell = shell
        self._settings: dict[str, Any] = {"timeout": deadline or TEST_LIMIT, "dumps": dumps, "jobs": 1, "on_event": self._see}
        self._changed = threading.Condition()
        self._wanted: Optional[str] = None
        self._results: dict[str, dict[str, Any]] = {}
        self._passed_over: set[str] = set()
        self._refused: set[str] = set()
        self._ended: set[str] = set()
        self._ends = False
        self._run: Optional[TestRun] = None
        self._error: Optional[BaseException] = None
        self._thread = threading.Thread(target=self._work, name=f"agencysh {path.name}", daemon=True)
        self._thread.start()

    def can_run(self, test: str) -> bool:
        """Whether the test can still be run: the run has not passed it, nor ended."""
        with self._changed:
            over = self._run is not None or self._error is not None
            return test not in self._passed_over and (not over or test in self._results)

    def result(self, test: str) -> dict[str, Any]:
        """Lets the test run; gives its result, as `agencysh.TestRun` has it.

        Errors: `LookupError` when the run ended without it; what the run itself raised. A signal ends the run.
        """
        try:
            with self._changed:
                self._wanted = test
                self._changed.notify_all()
                self._changed.wait_for(lambda: test in self._results or self._is_over())
                if test in self._results:
                    # it may be asked for once more, and is run again then
                    return self._results.pop(test)
        except BaseException:
            self._shell.interrupt()
            raise
        if self._error is not None:
            raise self._error
        raise LookupError(test)

    def end(self) -> Optional[dict[str, Any]]:
        """Lets ``tear_down_all`` run; gives what the file itself came to, as `agencysh.TestRun` has it, if that is known."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        try:
            self._thread.join()
        except BaseException:
            self._shell.interrupt()
            self._thread.join()
            raise
        finally:
            self._shell.close()
        files = self._run.files if self._run is not None else []
        return files[0] if files else None

    def _is_over(self) -> bool:
        return self._run is not None or self._error is not None

    def _work(self) -> None:
        run: Optional[TestRun] = None
        error: Optional[BaseException] = None
        try:
            run = self._shell.test(self._path, **self._settings)
        except BaseException as raised:
            error = raised
        with self._changed:
            self._run, self._error = run, error
            for file in [] if run is None else run.files:
                # tests of a file that is not run as a whole have no events
                for result in file["tests"]:
                    self._keep(result)
            self._changed.notify_all()

    def _see(self, event: dict[str, Any]) -> Optional[bool]:
        with self._changed:
            if event["event"] == "test_began":
                return self._admits(event["test"])
            if event["event"] == "test_ended":
                self._keep(event)
                self._changed.notify_all()
        return None

    def _keep(self, result: dict[str, Any]) -> None:
        """Keeps what a test came to, but for those that have been refused here."""
        if result["test"] not in self._ended | self._refused:
            self._ended.add(result["test"])
            self._results[result["test"]] = result

    def _admits(self, test: str) -> bool:
        """Whether the next test is run; waits until that is known."""
        self._changed.wait_for(lambda: self._ends or self._wanted is not None)
        self._passed_over.add(test)
        if self._ends or self._wanted != test:
            self._refused.add(test)
            return False
        self._wanted = None
        return True
