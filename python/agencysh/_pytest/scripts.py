"""Tests in scripts as items of pytest: one for each function ``test_…`` of ``test_*.rhai`` and ``*_test.rhai``."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, Optional, Union

import pytest

from . import dumps, failures
from .file_runs import FileRun
from .session import of

ENDING = ".rhai"

# The mark that all tests in scripts have.
MARKER = "rhai"

# Files with this word in their names are left out unless asked for, as by `agencysh test`.
_NIGHTLY = "nightly"

# Marks that mean something to pytest, and take arguments.
_OF_PYTEST = {"filterwarnings", "parametrize", "skip", "skipif", "usefixtures", "xfail"}

# What a note of agencysh begins with that tells where a dump is.
_DUMPED = "the agency's dump is "


def is_test_file(path: Path) -> bool:
    """Whether tests are looked for in this file."""
    return path.suffix == ENDING and (path.name.startswith("test_") or path.stem.endswith("_test"))


class ScriptFile(pytest.File):
    """A file with tests in the language Rhai."""

    _run: Optional[FileRun] = None

    def collect(self) -> Iterator[pytest.Item]:
        """Gives the tests of the file; nothing of it runs."""
        from agencysh import AgencyshError
        from agencysh._agencysh import tests_of

        try:
            tests = tests_of(self.path)
        except AgencyshError as error:
            raise self.CollectError(failures.rendered(vars(error))) from None
        words = _words_of(self.path)
        for mark in (MARKER, *words):
            self.add_marker(_mark(self.config, mark))
        left_out = _NIGHTLY in words and not self._is_asked_for()
        for name, line in tests:
            item = ScriptTest.from_parent(self, name=name)
            item.line = line
            if left_out:
                item.add_marker(pytest.mark.skip(reason=f"-{_NIGHTLY} is left out unless asked for"))
            yield item

    def _is_asked_for(self) -> bool:
        """Whether the command line names this file, or its marker."""
        named = (self.config.invocation_params.dir / argument.split("::")[0] for argument in self.config.args)
        return _NIGHTLY in str(self.config.getoption("markexpr", "")) or any(one.resolve() == self.path.resolve() for one in named)

    def result_of(self, test: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Runs one test; gives its result, and what failed outside of it."""
        session = of(self.config)
        with self._turn() as alone:
            outside: list[dict[str, Any]] = []
            if self._run is not None and not self._run.can_run(test):
                # it stands before one that has run already: the file begins anew
                outside.extend(self._end())
            if self._run is None:
                from agencysh import Shell

                folder = dumps.folder_of(self.config, self.nodeid)
                self._run = FileRun(self.path, Shell(**session.target.script_shell()), session.deadline, folder)
            try:
                result = self._run.result(test)
            except LookupError:
                return {"failures": []}, outside + self._end()
            if alone:
                outside.extend(self._end())
            return result, outside

    @contextlib.contextmanager
    def _turn(self) -> Iterator[bool]:
        """Waits until no other worker runs a script on servers that exist already: scripts look for what is left behind there.

        Tells whether the run has to end with the test. Whoever waited for its next test meanwhile would hold up the others.
        """
        if of(self.config).target.is_own or "PYTEST_XDIST_WORKER" not in os.environ:
            yield False
            return
        import fcntl

        factory: pytest.TempPathFactory = self.config._tmp_path_factory  # type: ignore[attr-defined]
        with open(factory.getbasetemp().parent / "agencysh.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield True

    def _end(self) -> list[dict[str, Any]]:
        """Ends the run through the file; gives what failed outside of tests."""
        run, self._run = self._run, None
        result = None if run is None else run.end()
        if result is None:
            return []
        # what the hooks of all printed; pytest captures it
        sys.stdout.write("".join([result["output"], *(f"note: {note}\n" for note in result["notes"])]))
        return list(result["failures"])

    def teardown(self) -> None:
        """Runs ``tear_down_all`` after the last test."""
        outside = self._end()
        if outside:
            pytest.fail(f"{self.nodeid}, outside of its tests:\n" + failures.rendered_all(outside), pytrace=False)


class ScriptTest(pytest.Item):
    """A test in the language Rhai."""

    #: where it begins, counted from 1
    line: int = 1

    parent: ScriptFile

    def runtest(self) -> None:
        """Lets agencysh run the test."""
        result, outside = self.parent.result_of(self.name)
        if result.get("output"):
            self.add_report_section("call", "stdout", result["output"])
        archives = []
        for note in result.get("notes", ()):
            if note.startswith(_DUMPED):
                archives.append(Path(note[len(_DUMPED) :]))
            else:
                self.add_report_section("call", "notes", note)
        self.stash[_ARCHIVES] = archives
        failed = [*result["failures"], *outside] if result.get("verdict") != "flaky" else outside
        if failed:
            raise failures.TestFailed(failed)
        if result.get("verdict") == "skipped":
            pytest.skip(result["skip_reason"])
        if "verdict" not in result:
            raise RuntimeError(f"{self.nodeid} has not been run")

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test stands."""
        return self.path, self.line - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What failed, as agencysh shows it."""
        if isinstance(excinfo.value, failures.TestFailed):
            return failures.rendered_all(excinfo.value.failures)
        return super().repr_failure(excinfo, style)


_ARCHIVES = pytest.StashKey["list[Path]"]()


def complete(item: ScriptTest, report: pytest.TestReport) -> None:
    """Adds to a report what only agencysh knows: where dumps are, and the place of a test that was skipped."""
    if report.when != "call":
        return
    if report.skipped and isinstance(report.longrepr, tuple):
        report.longrepr = (str(item.path), item.line, report.longrepr[2])
    if report.failed:
        for archive in item.stash.get(_ARCHIVES, []):
            dumps.attach(item, report, archive.absolute())


def _words_of(path: Path) -> list[str]:
    """The words after the first ``-`` in the name of a file that can be marks."""
    name = path.stem[: -len("_test")] if path.stem.endswith("_test") else path.stem
    return [word for word in name.split("-")[1:] if word.isidentifier() and not word.startswith("_") and word not in _OF_PYTEST]


def _mark(config: pytest.Config, name: str) -> Union[pytest.MarkDecorator, NoReturn]:
    """A mark, which exists also under ``--strict-markers``."""
    line = f"{name}: word in the name of a script"
    if line not in config.getini("markers") and name != MARKER:
        config.addinivalue_line("markers", line)
    mark: pytest.MarkDecorator = getattr(pytest.mark, name)
    return mark
