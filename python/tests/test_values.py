"""What goes in comes out, or is refused by name."""

from __future__ import annotations

import math
from typing import Any

import pytest

import agencysh

VALUES = [
    None,
    True,
    False,
    0,
    2**63 - 1,
    -(2**63),
    1.5,
    -0.0,
    1e300,
    "",
    "text with é, 漢 and \U0001f600",
    [],
    {},
    [1, [2, {"a": None}], "x"],
    {"a": {"b": [1.5, True]}, "": 1, "with space": 2},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_pass_through_scripts(shell: agencysh.Shell, value: Any) -> None:
    shell.eval("fn same(value) { value }")
    result = shell.call("same", value)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_pass_through_the_agency(agency: agencysh.Agency, value: Any) -> None:
    agency.set("value", value)
    result = agency.get("value", agencysh.ABSENT)
    assert result == value
    assert type(result) is type(value)


def test_blobs_are_bytes(shell: agencysh.Shell) -> None:
    shell.eval("fn kind(value) { type_of(value) } fn same(value) { value }")
    for value in (b"\x00\xff", bytearray(b"ab")):
        assert shell.call("kind", value) == "blob"
        assert shell.call("same", value) == bytes(value)


def test_floats_that_json_does_not_know_pass_through_scripts(shell: agencysh.Shell) -> None:
    shell.eval("fn same(value) { value }")
    assert shell.call("same", math.inf) == math.inf
    assert math.isnan(shell.call("same", math.nan))


def test_letters_and_tuples_become_what_is_nearest(shell: agencysh.Shell) -> None:
    assert shell.eval("'x'") == "x"
    shell.eval("fn same(value) { value }")
    assert shell.call("same", (1, ("a",))) == [1, ["a"]]


def test_the_agency_holds_integers_without_sign(agency: agencysh.Agency) -> None:
    agency.set("large", 2**64 - 1)
    assert agency.get("large") == 2**64 - 1


def test_large_documents_are_plain_values(shell: agencysh.Shell, agency: agencysh.Agency) -> None:
    many = {f"key{number}": [number, {"x": "y" * 40}] for number in range(5000)}
    agency.set("many", many)
    assert agency.get("many") == many
    path = "Tests/test_large_documents_are_plain_values/many"
    assert shell.run_text(f'agency::current().get_doc("{path}")') == many
    assert shell.run_text(f'agency::current().get("{path}")') == many


class Thing:
    def __repr__(self) -> str:
        return "Thing()"


@pytest.mark.parametrize(
    "value, text",
    [
        ({1, 2}, "argument 1: set is none of None, bool, int, float, str, bytes, list, tuple, dict"),
        (Thing(), "argument 1: Thing is none of"),
        ({"a": [0, {"b": {1}}]}, 'argument 1["a"][1]["b"]: set is none of'),
        (2**63, "argument 1: 9223372036854775808 is beyond the integers of 64 bits"),
        ([-(2**63) - 1], "argument 1[0]: -9223372036854775809 is beyond the integers of 64 bits"),
        ({"a": {1: 2}}, 'argument 1["a"]: keys are of type str, not int: 1'),
    ],
    ids=repr,
)
def test_what_is_no_value_is_named_with_its_place(shell: agencysh.Shell, value: Any, text: str) -> None:
    shell.eval("fn same(value) { value }")
    with pytest.raises(TypeError) as raised:
        shell.call("same", value)
    assert str(raised.value).startswith(text)


@pytest.mark.parametrize(
    "value, text",
    [
        ([1, b"x"], "value[1]: bytes have no form in JSON"),
        (math.nan, "value: NaN is no number that JSON could hold"),
        (2**64, "value: 18446744073709551616 is beyond the integers of 64 bits"),
    ],
    ids=repr,
)
def test_what_json_cannot_hold_is_refused(agency: agencysh.Agency, value: Any, text: str) -> None:
    with pytest.raises(TypeError) as raised:
        agency.set("value", value)
    assert str(raised.value) == text
    assert not agency.exists("value")


def test_values_that_contain_themselves_are_refused(shell: agencysh.Shell, agency: agencysh.Agency) -> None:
    endless: list[Any] = []
    endless.append(endless)
    shell.eval("fn same(value) { value }")
    for use in (lambda: shell.call("same", endless), lambda: agency.set("value", endless)):
        with pytest.raises(TypeError, match="values nest at most 256 levels deep"):
            use()


def test_functions_of_scripts_have_no_form_in_python(shell: agencysh.Shell) -> None:
    with pytest.raises(TypeError, match="Fn"):
        shell.eval("|x| x")


def test_absent_is_false_and_the_only_one() -> None:
    import copy
    import pickle

    assert not agencysh.ABSENT
    assert repr(agencysh.ABSENT) == "ABSENT"
    assert copy.deepcopy(agencysh.ABSENT) is agencysh.ABSENT
    assert pickle.loads(pickle.dumps(agencysh.ABSENT)) is agencysh.ABSENT
