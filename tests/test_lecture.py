"""The lecture's chapter: its code runs, and what it quotes stands in the package."""

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
CHAPTER = sorted((DOCS / "lecture").glob("*.md"))
PAGES = [page for page in CHAPTER if page.name != "index.md"]

# A link to a file, a colon, and the lines of it that are shown.
QUOTED = re.compile(r"\]\((\S+\.py)\)[:：]\n\n```python\n(.*?)```", re.S)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_prints_what_it_says(page):
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
    source = "\n".join(blocks)
    test = doctest.DocTestParser().get_doctest(source, {}, page.stem, None, 0)
    results = doctest.DocTestRunner().run(test)
    assert results.attempted > 0
    assert results.failed == 0


def test_quoted_lines_stand_in_the_files_that_are_named():
    n_lines = 0
    for page in CHAPTER:
        for file, code in QUOTED.findall(page.read_text("utf-8")):
            lines = (page.parent / file).read_text("utf-8").splitlines()
            for line in code.splitlines():
                assert line in lines
                n_lines += 1
    assert n_lines > 10
