"""What the command line, the environment and the configuration file say, in this order: the first that says something counts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

import pytest


class Option(NamedTuple):
    """One option: ``--agencysh-NAME``, and ``agencysh_NAME`` in the configuration file."""

    name: str
    metavar: Optional[str]
    help: str
    variable: Optional[str] = None
    repeated: bool = False

    @property
    def switch(self) -> bool:
        return self.metavar is None


_OPTIONS = [
    Option("endpoint", "URL", "an agent that exists already; repeat it for each", "AGENCYSH_ENDPOINT", True),
    Option("topology", "FILE", "the cluster of a topology file", "AGENCYSH_TOPOLOGY"),
    Option("embedded", "N", "so many agents in the process of the tests, an odd number (default: 3)"),
    Option("processes", None, "agents, and the clusters of agency_cluster, in processes of their own"),
    Option("arangod", "PROGRAM", "the program to start with --agencysh-processes, such as a real arangod"),
    Option("jwt-secret-file", "FILE", "the file with the agents' secret", "AGENCYSH_JWT_SECRET_FILE"),
    Option("jwt-token", "TOKEN", "a finished token", "AGENCYSH_JWT_TOKEN"),
    Option("username", "NAME", "a user's name", "AGENCYSH_USERNAME"),
    Option("password-file", "FILE", "the file with the user's password", "AGENCYSH_PASSWORD_FILE"),
    Option("ca-file", "FILE", "the authorities to trust, as PEM", "AGENCYSH_CA_FILE"),
    Option("insecure", None, "accept any certificate", "AGENCYSH_INSECURE"),
    Option("deadline", "SECONDS", "how long scripts and waits of one test may take (default: no limit; 900 for tests in scripts)"),
    Option("dumps", "FOLDER", "where dumps of failed tests go (default: agencysh-dumps below pytest's basetemp)"),
]
_BY_NAME = {option.name: option for option in _OPTIONS}

# The options that say which agency it is; one of them at most.
_KINDS = ("endpoint", "topology", "embedded", "processes")


def add_to(parser: pytest.Parser) -> None:
    """Declares all options."""
    group = parser.getgroup("agencysh", "agencysh: agencies, clusters and tests in scripts")
    for option in _OPTIONS:
        variable = f" [env: {option.variable}]" if option.variable else ""
        settings: dict[str, Any] = {"dest": _dest(option.name), "default": None, "help": option.help + variable}
        if option.switch:
            settings["action"] = "store_true"
        else:
            settings["metavar"] = option.metavar
            settings["action"] = "append" if option.repeated else "store"
        group.addoption(f"--agencysh-{option.name}", **settings)
        if option.repeated:
            parser.addini(_dest(option.name), option.help, type="linelist", default=None)
        else:
            parser.addini(_dest(option.name), option.help, type="string", default=None)


@dataclass(frozen=True)
class Target:
    """The agency of the tests."""

    #: ``embedded``, ``processes``, ``endpoint`` or ``topology``
    kind: str = "embedded"
    #: whether somebody said so
    chosen: bool = False
    agents: int = 3
    endpoints: tuple[str, ...] = ()
    topology: Optional[Path] = None
    arangod: Optional[Path] = None
    access: dict[str, Any] = field(default_factory=dict)

    @property
    def is_own(self) -> bool:
        """Whether its servers are started for the tests, and end with them."""
        return self.kind in ("embedded", "processes")

    def launch(self) -> dict[str, Any]:
        """What its own servers have in common, as `agencysh.Cluster` takes it."""
        if self.kind != "processes":
            return {"world": "embedded"}
        options: dict[str, Any] = {"world": "processes"}
        if self.arangod is not None:
            options["arangod"] = str(self.arangod)
        if "jwt_secret_file" in self.access:
            options["jwt_secret_file"] = self.access["jwt_secret_file"]
        return options

    def shell(self) -> dict[str, Any]:
        """What a `agencysh.Shell` on servers takes that exist already."""
        where: dict[str, Any] = {"endpoints": list(self.endpoints)}
        if self.topology is not None:
            where = {"topology": str(self.topology)}
        return {**where, **self.access}

    def script_shell(self) -> dict[str, Any]:
        """What a `agencysh.Shell` takes that runs the tests of scripts."""
        if not self.is_own:
            return self.shell()
        if not self.chosen:
            # each file as it likes
            return {}
        if self.kind == "embedded":
            return {"embedded": self.agents}
        return {"launch": self.launch()}


class _Source(NamedTuple):
    """A place where options can be given."""

    value: Callable[[Option], Any]
    name: Callable[[Option], str]
    folder: Path
    #: whether two options that exclude each other are a mistake here
    strict: bool = True


def _dest(name: str) -> str:
    return "agencysh_" + name.replace("-", "_")


def _sources(config: pytest.Config, environment: bool) -> Iterator[_Source]:
    here = config.invocation_params.dir
    yield _Source(lambda option: config.getoption(_dest(option.name)), lambda option: f"--agencysh-{option.name}", here)
    if environment:
        yield _Source(_variable, lambda option: str(option.variable), here, strict=False)
    folder = config.inipath.parent if config.inipath else config.rootpath
    yield _Source(lambda option: _in_file(config, option), lambda option: _dest(option.name), folder)


def _variable(option: Option) -> Any:
    text = os.environ.get(option.variable, "") if option.variable else ""
    if not text:
        return None
    if option.switch:
        return text.lower() not in ("0", "false", "no", "off")
    return [part.strip() for part in text.split(",")] if option.repeated else text


def _in_file(config: pytest.Config, option: Option) -> Any:
    value = config.getini(_dest(option.name))
    if option.switch and value:
        return str(value).lower() in ("1", "true", "yes", "on")
    return value


class Given:
    """What is given, from whatever source.

    ``environment=False`` leaves variables out: a wrong one is of no interest to those who do not use the plugin.
    """

    def __init__(self, config: pytest.Config, environment: bool = True) -> None:
        self._sources = list(_sources(config, environment))

    def target(self) -> Target:
        """The agency of the tests.

        Errors: `pytest.UsageError` when the options contradict each other, or a value is none.
        """
        source, kind = self._chosen()
        arangod = self._arangod(source, kind)
        access = self._access()
        if source is None or kind is None:
            return Target(access=access)
        option = _BY_NAME[kind]
        value = source.value(option)
        if kind == "endpoint":
            if list(value) == ["none"]:
                raise pytest.UsageError(f"{source.name(option)}: tests need an agency, not 'none'")
            return Target("endpoint", True, endpoints=tuple(value), access=access)
        if kind == "topology":
            return Target("topology", True, topology=_file(source, option), access=access)
        if kind == "embedded":
            return Target("embedded", True, _agents(source.name(option), value), access=access)
        return Target("processes", True, arangod=arangod, access=access)

    def deadline(self) -> Optional[float]:
        """How long scripts and waits of one test may take, in seconds."""
        found = self._first("deadline")
        if found is None:
            return None
        source, option = found
        text = source.value(option)
        try:
            seconds = float(text)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < float("inf"):
            raise pytest.UsageError(f"{source.name(option)}: '{text}' is no number of seconds above 0")
        return seconds

    def dumps(self) -> Optional[Path]:
        """The folder for dumps, if one is given."""
        found = self._first("dumps")
        return None if found is None else found[0].folder / found[0].value(found[1])

    def _first(self, name: str) -> Optional[tuple[_Source, Option]]:
        option = _BY_NAME[name]
        return next(((source, option) for source in self._sources if source.value(option)), None)

    def _chosen(self) -> tuple[Optional[_Source], Optional[str]]:
        for source in self._sources:
            kinds = [kind for kind in _KINDS if source.value(_BY_NAME[kind])]
            if len(kinds) > 1 and source.strict:
                one, other = (source.name(_BY_NAME[kind]) for kind in kinds[:2])
                raise pytest.UsageError(f"{one} and {other} exclude each other: give one of them")
            if kinds:
                # of variables the first one counts, as for the program agencysh
                return source, kinds[0]
        return None, None

    def _arangod(self, chosen: Optional[_Source], kind: Optional[str]) -> Optional[Path]:
        found = self._first("arangod")
        if found is None:
            return None
        source, option = found
        if kind == "processes":
            return _file(source, option)
        if chosen is None or chosen is source:
            raise pytest.UsageError(f"{source.name(option)} needs {source.name(_BY_NAME['processes'])}")
        return None

    def _access(self) -> dict[str, Any]:
        access: dict[str, Any] = {}
        ways = []
        for name in ("jwt-secret-file", "jwt-token", "username"):
            found = self._first(name)
            if found is not None:
                source, option = found
                ways.append(source.name(option))
                access[name.replace("-", "_")] = str(_file(*found)) if option.metavar == "FILE" else source.value(option)
        if len(ways) > 1:
            raise pytest.UsageError(f"{ways[0]} and {ways[1]} exclude each other: give one of them")
        password = self._first("password-file")
        if password is not None:
            if "username" not in access:
                source, option = password
                raise pytest.UsageError(f"{source.name(option)} needs {source.name(_BY_NAME['username'])}")
            access["password"] = _file(*password).read_text(encoding="utf-8").rstrip("\r\n")
        authorities = self._first("ca-file")
        if authorities is not None:
            access["ca_file"] = str(_file(*authorities))
        if self._first("insecure") is not None:
            access["insecure"] = True
        return access


def _file(source: _Source, option: Option) -> Path:
    path = source.folder / str(source.value(option))
    if not path.is_file():
        raise pytest.UsageError(f"{source.name(option)}: there is no file '{path}'")
    return path


def _agents(name: str, text: str) -> int:
    try:
        agents = int(text)
    except ValueError:
        agents = 0
    if agents < 1 or agents % 2 == 0:
        raise pytest.UsageError(f"{name}: '{text}' is no odd number of agents")
    return agents
