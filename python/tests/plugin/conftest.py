"""Runs pytest with the plugin in a process of its own: this one has been started without."""

from __future__ import annotations

import os
from typing import Any

import pytest


class Suite:
    """A folder with tests."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path

    def python(self, text: str, name: str = "test_it.py") -> None:
        """Writes a file of tests in Python."""
        self._write(name, "import os, pytest, agencysh\n" + _without_margin(text))

    def script(self, text: str, name: str = "some_test.rhai") -> None:
        """Writes a file of tests in Rhai."""
        self._write(name, _without_margin(text))

    def ini(self, text: str) -> None:
        """Writes the configuration file."""
        self._write("pytest.ini", "[pytest]\n" + _without_margin(text))

    def _write(self, name: str, text: str) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, *options: Any) -> pytest.RunResult:
        """Runs the tests."""
        return self.pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly", *options, timeout=120)

    def passes(self, *options: Any, passed: int, **others: int) -> pytest.RunResult:
        """Runs the tests, of which so many pass and none fails."""
        result = self.run(*options)
        result.assert_outcomes(passed=passed, **others)
        return result


def _without_margin(text: str) -> str:
    import textwrap

    return textwrap.dedent(text).lstrip("\n")


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    for name in [name for name in os.environ if name.startswith(("AGENCYSH_", "PYTEST_XDIST_"))]:
        if name != "AGENCYSH_PROGRAM":
            monkeypatch.delenv(name)
    # what is run inside has its own options
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return Suite(pytester)
