"""The lecture's chapter: its code runs, what it quotes stands in the package, and the
Chinese pages have the same equations, code and figures as the English."""

import doctest
import re
from pathlib import Path

import pytest

from skann.playground._scenes import SCENES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(
    page for page in (DOCS / "lecture").glob("*.md") if page.name != "index.md"
)
CHINESE = [DOCS / "zh" / page.name for page in PAGES]

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
    for page in [*PAGES, *CHINESE]:
        for file, code in QUOTED.findall(page.read_text("utf-8")):
            lines = (page.parent / file).read_text("utf-8").splitlines()
            for line in code.splitlines():
                assert line in lines
                n_lines += 1
    assert n_lines > 20


def same_in_both(page):
    """What must not differ between languages: in order, then in any order."""
    text = page.read_text("utf-8")
    displayed = re.findall(r"\$\$.*?\$\$", text, re.S)
    in_order = [
        [re.sub(r"\\text\{.*?\}", "", equation) for equation in displayed],
        re.findall(r"^```python\n.*?^```$", text, re.M | re.S),
        [Path(name).name for name in re.findall(r"!\[.*?\]\((.*?)\)", text)],
        re.findall(r"^(#+) ", text, re.M),
    ]
    prose = re.sub(r"\$\$.*?\$\$|^```.*?^```$", "", text, flags=re.M | re.S)
    formulas = {" ".join(each.split()) for each in re.findall(r"\$[^$]+\$", prose)}
    prose = re.sub(r"\$[^$]+\$|`[^`]*`|\]\(.*?\)", "", prose)
    decimals = sorted(re.findall(r"\d+\.\d+|\d{2,}", prose))
    return in_order, formulas, decimals


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_chinese_page_has_the_same_equations_code_and_numbers(page):
    assert same_in_both(DOCS / "zh" / page.name) == same_in_both(page)


# The command that shows a scene of the playground, and below it what to look for.
SCENE = re.compile(
    r"^> \[.*`python -m skann.playground --scene (\S+)`[.。](.*\n(?:> .*\n)*)", re.M
)


@pytest.mark.parametrize(("pages", "language"), [(PAGES, "en"), (CHINESE, "zh")])
def test_each_scene_of_the_playground_has_its_place(pages, language):
    found = [SCENE.findall(page.read_text("utf-8")) for page in pages]
    said = {
        name: text.replace("\n> ", " ").strip()
        for scenes in found
        for name, text in scenes
    }
    assert said == {name: scene[language][1] for name, scene in SCENES.items()}
    assert sum(map(len, found)) == len(SCENES)


def numbers_in_tables(page):
    text = re.sub(r"`[^`]*`", "", (ROOT / page).read_text("utf-8"))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [re.findall(r"\d*\.?\d+", line) for line in lines]


def test_the_chinese_readme_has_the_same_code_and_figures():
    code = re.compile(r"^```(?:sh|python)\n.*?^```$", re.M | re.S)
    english, chinese = (
        code.findall((ROOT / name).read_text("utf-8"))
        for name in ("README.md", "README.zh-CN.md")
    )
    assert chinese == english
    measured = [row for row in numbers_in_tables("README.md") if row]
    assert [row for row in numbers_in_tables("README.zh-CN.md") if row] == measured


def test_the_chinese_readme_has_all_sections_names_links_and_scripts():
    english, chinese = (
        (ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md")
    )
    for pattern in (r"^#+ ", r"^\| `(plot_\w+\.py)` \|", r"^(- |!)"):
        lines = re.compile(pattern, re.M)
        assert lines.findall(chinese) == lines.findall(english)
    # The languages' links to each other, and to their own chapter.
    own = re.compile(r"README[\w.-]*\.md|docs/(?:zh|lecture)/(?:index\.md)?")
    for pattern in (r"`[^`\n]+`", r"\]\((.*?)\)"):
        english_found, chinese_found = (
            {own.sub("", found) for found in re.findall(pattern, readme)}
            for readme in (english, chinese)
        )
        assert chinese_found == english_found
