"""What the page of the package and the file of twenty tests show works."""

import importlib.metadata
import pathlib
import re

import pytest

pytest_plugins = "pytester"

TWENTY = pathlib.Path(__file__).parent / "twenty.py"


def test_twenty_tests_pass_though_one_kills_its_leader(suite):
    suite.python(TWENTY.read_text(encoding="utf-8"), "test_twenty.py")
    suite.passes(passed=20)


def test_twenty_tests_pass_on_two_workers_and_in_another_order(suite):
    pytest.importorskip("xdist")
    suite.python(TWENTY.read_text(encoding="utf-8"), "test_twenty.py")
    suite.python("def pytest_collection_modifyitems(items): items.reverse()", "conftest.py")
    suite.passes("-n2", passed=20)


def test_the_example_of_the_page_passes(suite):
    page = importlib.metadata.metadata("agencysh").get_payload()
    section = page[page.index("## pytest") :]
    (example,) = re.findall(r"```python\n(.*?)```", section, re.S)
    suite.python(example)
    suite.passes(passed=5)
