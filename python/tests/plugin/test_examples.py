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


def blocks(page):
    return re.findall(r"```python\n(.*?)```", page, re.S)


def the_page_of_the_package():
    return importlib.metadata.metadata("agencysh").get_payload()


def page_of_the_project(name):
    folder = next(folder for folder in pathlib.Path(__file__).parents if (folder / "docs" / "embedding.md").exists())
    return (folder / name).read_text(encoding="utf-8")


def the_page_on_embedding():
    return page_of_the_project("docs/embedding.md")


def the_first_page():
    return page_of_the_project("README.md")


@pytest.mark.parametrize("page", [the_page_of_the_package, the_page_on_embedding, the_first_page])
def test_the_examples_of_the_pages_work(suite, python, page):
    tests = [block for block in blocks(page()) if "def test_" in block]
    programs = [block for block in blocks(page()) if "def test_" not in block]
    assert len(tests) == 1
    suite.python(tests[0])
    suite.passes(passed=tests[0].count("def test_"))
    for program in programs:
        python("import agencysh\n" + program)
