"""Which program servers are started from."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def program() -> str | None:
    """The console script ``agencysh`` of this installation; None where there is none."""
    candidates = (os.path.join(folder, "agencysh") for folder in _folders())
    return next((path for path in candidates if os.path.isfile(path) and os.access(path, os.X_OK)), None)


def _folders() -> Iterator[str]:
    """Where it may be, the likely ones first."""
    yield os.path.dirname(sys.executable)
    # PREFIX/lib/python3/site-packages/agencysh
    yield os.path.join(os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4)), "bin")
    import sysconfig

    yield sysconfig.get_path("scripts")
    yield sysconfig.get_path("scripts", "posix_user")
