"""Which program servers are started from."""

from __future__ import annotations

import os
import sys


def program() -> str | None:
    """The console script ``agencysh`` of this installation; None where there is none."""
    import sysconfig

    folders = [os.path.dirname(sys.executable), sysconfig.get_path("scripts")]
    user = sysconfig.get_preferred_scheme("user") if sys.version_info >= (3, 10) else None
    if user is not None:
        folders.append(sysconfig.get_path("scripts", user))
    # the package may be elsewhere than the interpreter: .../lib/python3/site-packages/agencysh
    prefix = os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 4))
    folders.append(os.path.join(prefix, "bin"))
    candidates = (os.path.join(folder, "agencysh") for folder in folders)
    return next((path for path in candidates if os.access(path, os.X_OK) and os.path.isfile(path)), None)
