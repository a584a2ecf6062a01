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

_OF_ERRORS = (
    "AgencyshError",
    "AssertionFailed",
    "ConnectionFailed",
    "DeadlineExceeded",
    "Interrupted",
    "PermissionDenied",
    "PreconditionFailed",
    "ScriptError",
    "ScriptExit",
)


def __getattr__(name: str) -> object:
    """Loads what is asked for: pytest loads this package with its plugin, whether anybody uses it or not."""
    if name not in __all__:
        raise AttributeError(f"module 'agencysh' has no attribute '{name}'")
    if name in _OF_ERRORS:
        from agencysh import _errors as module
    else:
        from agencysh import _agencysh as module
    value = getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
