"""A shell whose waits end in time; imported only where there is a shell."""

from __future__ import annotations

from typing import Optional

from agencysh import Agency, Shell


class LimitedShell(Shell):
    """A shell whose agency has ``limit`` seconds from its first use on."""

    limit: Optional[float] = None
    _agency: Optional[Agency] = None

    @property
    def agency(self) -> Agency:
        """The agency of this shell."""
        if self._agency is None:
            whole = super().agency
            self._agency = whole if self.limit is None else whole.within(self.limit)
        return self._agency
