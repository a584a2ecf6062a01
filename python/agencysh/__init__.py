"""A scripting host for ArangoDB's agency, in this process.

``Shell`` runs scripts and their tests, ``Agency`` talks to an agency without a script, ``Cluster`` starts servers and hurts them::

    import agencysh

    with agencysh.Shell(embedded=3) as shell:
        shell.agency.set("Plan/Version", 1)
        shell.eval('agency::current().increment("Plan/Version")')
        assert shell.agency.get("Plan/Version") == 2

Values are None, bool, int (64 bits), float, str, list, dict with keys of text, and bytes for blobs of scripts. Times are seconds. Paths of the agency are
relative to ``/arango`` unless they begin with ``/``. Whatever waits lets other threads run, and Ctrl-C ends it.
"""

from agencysh._agencysh import ABSENT, Absent, Agency, Change, Changes, Cluster, Shell, TestRun, __version__
from agencysh._errors import (
    AgencyshError,
    AssertionFailed,
    ConnectionFailed,
    DeadlineExceeded,
    Interrupted,
    PermissionDenied,
    PreconditionFailed,
    ScriptError,
    ScriptExit,
)

__all__ = [
    "ABSENT",
    "Absent",
    "Agency",
    "AgencyshError",
    "AssertionFailed",
    "Change",
    "Changes",
    "Cluster",
    "ConnectionFailed",
    "DeadlineExceeded",
    "Interrupted",
    "PermissionDenied",
    "PreconditionFailed",
    "ScriptError",
    "ScriptExit",
    "Shell",
    "TestRun",
    "__version__",
]
