"""The exceptions of agencysh, and the one table that says which error becomes which."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class AgencyshError(Exception):
    """Something that agencysh was asked for did not work.

    All exceptions of agencysh are of this class. ``str()`` of one shows the message, the place in the script if there is one, the causes, and
    what may help.

    ``message``: the text alone. ``kind``: the stable dotted name, such as ``agency.no_leader``. ``error_num``: ArangoDB's error number.
    ``code``: the HTTP status behind it. ``context``: more about it, such as ``path`` or ``endpoint``. ``hint``: what may help. ``causes``: texts,
    the nearest cause first. ``file``, ``line`` and ``column`` (counted from 1), ``source_line``: where it arose in a script. ``trace``: the calls that
    led there, the outermost first, each a dict of ``function``, ``file``, ``line``, ``column``. What does not apply is None or empty.
    """

    message: str
    kind: str
    error_num: int | None
    code: int | None
    context: dict[str, Any]
    hint: str | None
    causes: list[str]
    file: str | None
    line: int | None
    column: int | None
    source_line: str | None
    trace: list[dict[str, Any]]

    def __init__(self, message: str = "", kind: str = "error") -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.error_num = self.code = self.hint = None
        self.context = {}
        self.causes = []
        self.file = self.line = self.column = self.source_line = None
        self.trace = []

    def __str__(self) -> str:
        lines = [self.message]
        if self.file is not None:
            source = "" if self.source_line is None else f": {self.source_line.strip()}"
            lines.append(f"  at {self.file}:{self.line}:{self.column or 1}{source}")
        for call in reversed(self.trace):
            place = (call["file"], call["line"])
            # the standard library is of no interest, and the place itself has been told
            if call["line"] is not None and not call["file"].startswith("<stdlib>") and place != (self.file, self.line):
                lines.append(f"  in {call['function']}, called at {call['file']}:{call['line']}")
        lines.extend(f"  caused by: {cause}" for cause in self.causes)
        if self.hint is not None:
            lines.append(f"  help: {self.hint}")
        return "\n".join(lines)


class ScriptError(AgencyshError):
    """A script ended with an error that it did not catch, and that has no class of its own below."""


class AssertionFailed(ScriptError, AssertionError):
    """An assertion of a script failed; ``context`` has the values, ``actual`` and ``expected`` where there are both."""


class DeadlineExceeded(AgencyshError, TimeoutError):
    """A run reached its deadline, or something that was waited for did not happen in time."""


class ConnectionFailed(AgencyshError, ConnectionError):
    """Nobody could be reached, nobody leads, or a connection broke.

    With the kind ``agency.unknown_outcome`` a write may have happened or not; with all others it did not.
    """


class PermissionDenied(AgencyshError, PermissionError):
    """The shell's permissions do not allow it, or the agency does not let us in."""


class PreconditionFailed(AgencyshError):
    """A transaction was refused because of its preconditions, or others changed a value each time.

    ``outcomes``: what became of each transaction: its log index, or 0 for one that did not happen.
    """

    outcomes: list[int]

    def __init__(self, message: str = "", kind: str = "agency.precondition_failed") -> None:
        super().__init__(message, kind)
        self.outcomes = []


class Interrupted(AgencyshError):
    """``Shell.interrupt`` ended it. Ctrl-C is Python's KeyboardInterrupt."""


class ScriptExit(AgencyshError):
    """A script called ``exit`` with another number than 0.

    ``exit_code``: the number.
    """

    exit_code: int

    def __init__(self, message: str = "", kind: str = "script.exit") -> None:
        super().__init__(message, kind)
        self.exit_code = 1


# What ended a run.
_BY_STOP: dict[str, type[AgencyshError]] = {"deadline": DeadlineExceeded, "interrupted": Interrupted}

# Kinds, or the beginning of kinds up to their dot. Whatever is not here is a ScriptError if it comes from a script, and an AgencyshError otherwise.
_BY_KIND: dict[str, type[AgencyshError]] = {
    "assert.": AssertionFailed,
    "deadline.": DeadlineExceeded,
    "agency.timeout": DeadlineExceeded,
    "agency.wait_timeout": DeadlineExceeded,
    "cluster.not_ready": DeadlineExceeded,
    "http.timeout": DeadlineExceeded,
    "agency.no_leader": ConnectionFailed,
    "agency.redirect_loop": ConnectionFailed,
    "agency.redirect_unknown": ConnectionFailed,
    "agency.reset": ConnectionFailed,
    "agency.unknown_outcome": ConnectionFailed,
    "agency.unreachable": ConnectionFailed,
    "http.broken": ConnectionFailed,
    "http.closed": ConnectionFailed,
    "http.resolve": ConnectionFailed,
    "http.truncated": ConnectionFailed,
    "http.unreachable": ConnectionFailed,
    "permission.": PermissionDenied,
    "agency.forbidden": PermissionDenied,
    "agency.read_only": PermissionDenied,
    "agency.unauthorized": PermissionDenied,
    "http.host_refused": PermissionDenied,
    "agency.cas_exhausted": PreconditionFailed,
    "agency.conflict": PreconditionFailed,
    "agency.precondition_failed": PreconditionFailed,
    "run.interrupted": Interrupted,
}


def _class_of(kind: str, stop: str | None, script: bool) -> type[AgencyshError]:
    group = kind.partition(".")[0] + "."
    found = _BY_STOP.get(stop or "") or _BY_KIND.get(kind) or _BY_KIND.get(group)
    return found or (ScriptError if script else AgencyshError)


def from_members(members: Mapping[str, Any], script: bool) -> AgencyshError:
    """The exception of an error that is described by its members; ``script`` says whether one ended with it."""
    error = _class_of(members["kind"], members["stop"], script)(members["message"], members["kind"])
    for name, value in members.items():
        if name != "stop":
            setattr(error, name, value)
    return error
