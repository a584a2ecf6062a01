"""The program that comes with the package."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import agencysh

SCRIPT = str(Path(sys.executable).parent / "agencysh")
COMMANDS = [[SCRIPT], [sys.executable, "-m", "agencysh"]]
# as in a virtual environment that nobody has activated
BARE = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}


def run(command: list[str], *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *words], capture_output=True, text=True, cwd=folder, env=BARE, timeout=120)


@pytest.mark.parametrize("command", COMMANDS, ids=["script", "module"])
def test_the_command_line_is_that_of_the_program(command: list[str], tmp_path: Path) -> None:
    done = run(command, "eval", "print(40 + 2); 7", folder=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[0]) == (7, "42")
    done = run(command, "--version", folder=tmp_path)
    assert done.stdout == f"agencysh {agencysh.__version__}\n"
    done = run(command, "--no-such-option", folder=tmp_path)
    assert done.returncode == 2
    assert "Usage: agencysh" in done.stderr


def test_output_without_a_line_end_arrives(tmp_path: Path) -> None:
    done = run([SCRIPT], "eval", 'term::write("no line end"); ()', folder=tmp_path)
    assert done.stdout == "no line end", done.stderr


def test_ctrl_c_ends_the_program(tmp_path: Path) -> None:
    command = [SCRIPT, "eval", 'print("begun"); time::sleep(60)']
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=BARE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130


def test_the_program_starts_servers(tmp_path: Path) -> None:
    code = 'let c = cluster::launch(#{ agents: 1 }); c.agency().set("x", 9); let x = c.agency().get("x"); c.shutdown(); x'
    done = run([SCRIPT], "eval", code, folder=tmp_path)
    assert done.returncode == 9, done.stdout + done.stderr


def test_the_program_brings_clusters_up(tmp_path: Path) -> None:
    topology = tmp_path / "topology.json"
    words = ["cluster", "up", "--agents", "1", "--topology", str(topology), "--data", str(tmp_path / "data")]
    with subprocess.Popen([SCRIPT, *words], stdout=subprocess.PIPE, cwd=tmp_path, env=BARE) as process:
        try:
            assert process.stdout is not None
            # it tells where the servers are when they are ready
            assert process.stdout.readline()
            with agencysh.Cluster.adopt(topology) as cluster:
                assert cluster.world == "adopted"
                cluster.agency.set("x", 1)
                cluster.kill("agent1")
                cluster.restart("agent1")
                assert cluster.agency.get("x") == 1
            with agencysh.Shell(topology=topology) as shell:
                assert shell.agency.get("x") == 1
                assert shell.cluster.world == "adopted"
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) in (0, 130)


def test_shells_start_servers_from_environments_that_are_not_activated(tmp_path: Path) -> None:
    program = """if True:
        import agencysh
        with agencysh.Cluster(agents=1, world="processes") as cluster:
            cluster.agency.set("x", 1)
            print(cluster.agency.get("x"))
        with agencysh.Shell() as shell:
            print(shell.eval('let c = cluster::launch(#{ agents: 1 }); let world = c.world; c.shutdown(); world'))
    """
    done = run([sys.executable, "-c", program], folder=tmp_path)
    assert done.stdout == "1\nprocesses\n", done.stderr
