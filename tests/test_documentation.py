"""The documentation's links and the paths that it names lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUILT = ("_build", "auto_examples", "generated")  # by Sphinx, inside docs/
PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    if path.relative_to(ROOT).parts[1:2] not in [(name,) for name in BUILT]
)

# A heading as its link names it: in lower case, with hyphens, without punctuation.
PUNCTUATION = re.compile(r"[^\w\- ]")


def text(page):
    return (ROOT / page).read_text("utf-8")


def anchors(page):
    headings = re.findall(r"^#+ (.*)$", text(page), re.MULTILINE)
    return {PUNCTUATION.sub("", line).lower().replace(" ", "-") for line in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_a_page_and_a_heading(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", text(page)):
        if target.startswith(("http:", "https:")):
            continue
        path, _, heading = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        if heading:
            assert heading in anchors(file), target


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_paths_are_those_of_files_and_folders(page):
    places = (
        ROOT,
        ROOT / "skann",
        ROOT / "skann" / "_engine",
        ROOT / "skann" / "_estimators",
    )
    named = re.findall(r"`([\w./]+(?:\.\w+|/))`", text(page))
    found = [name for name in named if "/" in name]
    assert found
    for name in found:
        assert any((place / name).exists() for place in places), name


def test_the_architecture_has_every_folder():
    page = text("docs/architecture.md")
    for folder in sorted((ROOT / "skann").glob("_*/__init__.py")):
        assert f"`skann/{folder.parent.name}/`" in page


def test_examples_leave_no_temporary_folders_behind():
    sources = [*ROOT.glob("skann/**/*.py"), *ROOT.glob("docs/**/*.md")]
    assert [str(path) for path in sources if "mkdtemp" in path.read_text("utf-8")] == []
