"""Shells and clusters for the tests."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Callable

import pytest

import agencysh


@pytest.fixture(scope="module")
def shell() -> Iterator[agencysh.Shell]:
    """A shell with one agent, for all tests of a file."""
    with agencysh.Shell(embedded=1) as shell:
        yield shell


@pytest.fixture
def agency(shell: agencysh.Shell, request: pytest.FixtureRequest) -> agencysh.Agency:
    """An agency in which nothing is yet."""
    return shell.agency.prefix(f"Tests/{request.node.name}")


@pytest.fixture
def python() -> Callable[..., str]:
    """Runs a program of Python in a process of its own; gives what it prints."""

    def run(program: str, *words: str) -> str:
        command = [sys.executable, "-c", textwrap.dedent(program), *words]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
