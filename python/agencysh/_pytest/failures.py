"""Failures of scripts as text: what, where with the line and a caret, how it came to it, and what may help."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

# How many calls are shown of a long chain, at either end.
_SHOWN_CALLS = 8

# The part of a test that needs no mention.
_USUAL = ("test", "check")


class TestFailed(Exception):
    """A test of a script failed; ``failures`` describe how, as `agencysh.TestRun` has them."""

    __test__ = False

    def __init__(self, failures: list[dict[str, Any]]) -> None:
        super().__init__("\n".join(str(failure["message"]) for failure in failures))
        self.failures = failures


def rendered_all(failures: Iterable[Mapping[str, Any]]) -> str:
    """Several failures, one below the other."""
    return "\n\n".join(rendered(failure) for failure in failures)


def rendered(failure: Mapping[str, Any]) -> str:
    """One failure, or the members of an `agencysh.AgencyshError`."""
    number = f" (error {failure['error_num']})" if failure.get("error_num") is not None else ""
    phase = failure.get("phase")
    where = "" if phase is None or phase in _USUAL else f"in {phase}: "
    lines = [f"{where}error[{failure['kind']}]: {failure['message']}{number}"]
    lines.extend(_excerpt(failure))
    lines.extend(f"  = caused by: {cause}" for cause in failure.get("causes") or ())
    lines.extend(f"  = {call}" for call in _calls(failure.get("trace") or []))
    for key, value in (failure.get("context") or {}).items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        if key != "func" and text not in failure["message"]:
            lines.append(f"  = {key}: " + text.rstrip().replace("\n", "\n      "))
    if failure.get("hint"):
        lines.append(f"  = help: {failure['hint']}")
    return "\n".join(lines)


def _excerpt(failure: Mapping[str, Any]) -> Iterator[str]:
    """The place, and its line with a caret below the column."""
    if failure.get("file") is None:
        return
    line, column = failure["line"], failure.get("column") or 1
    yield f"  --> {failure['file']}:{line}:{column}"
    source = failure.get("source_line")
    if source is not None:
        margin = " " * len(str(line))
        before = "".join("\t" if letter == "\t" else " " for letter in source[: column - 1])
        yield f"{margin} |"
        yield f"{line} | {source}"
        yield f"{margin} | {before}^"


def _calls(trace: list[dict[str, Any]]) -> list[str]:
    """A line for each call that led there, the innermost first."""
    calls = []
    for call in reversed(trace):
        place = "" if call.get("file") is None else f", called at {call['file']}:{call['line']}:{call.get('column') or 1}"
        calls.append(f"in {call['function']}{place}")
    if len(calls) > 2 * _SHOWN_CALLS:
        left_out = f"… {len(calls) - 2 * _SHOWN_CALLS} more calls …"
        calls = [*calls[:_SHOWN_CALLS], left_out, *calls[-_SHOWN_CALLS:]]
    return calls
