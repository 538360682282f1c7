"""The site. From the root of a clone, with ``pip install -e ".[docs]"``:

    python -m sphinx -W --keep-going -b html docs docs/_build

Pages are Markdown that GitHub shows as well; only the first page and the reference are
reStructuredText. ``-D plot_gallery=0`` leaves out running the examples.
"""

import re
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

import skann

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from example_arguments import ExampleArguments

project = "skann"
copyright = "the skann developers"
version = release = skann.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinxext.opengraph",
    "sphinx_llms_txt",
    "local_mathjax",
]
exclude_patterns = ["_build", "auto_examples/*.ipynb", "auto_examples/*.py.md5"]
templates_path = ["_templates"]
nitpicky = False  # types in docstrings are prose: "ndarray of shape (n_rows,)"

# GitHub's Markdown: its anchors of headings, dollars around mathematics.
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 4
autosummary_generate = True
autodoc_member_order = "alphabetical"
autodoc_typehints = "none"  # numpydoc's sections say more
toc_object_entries_show_parents = "hide"  # methods of the page's own class
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .go"

# Small products on several threads are slow where the machine is busy, and the last
# digits of the examples would depend on their number.
threadpool_limits(1, user_api="blas")

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"plot_",
    "reset_argv": ExampleArguments(),
    "abort_on_example_error": False,
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skann",),
    "inspect_global_variables": False,
    "remove_config_comments": True,
    "min_reported_time": 1,
    "show_memory": False,
    "plot_gallery": "True",
}

# What a link to a page shows where it is posted.
ogp_site_url = "https://skann.readthedocs.io/en/stable/"
ogp_social_cards = {"enable": False}  # they are drawn with fonts that differ

# The pages as text for language models: a list with links, and all in one file.
llms_txt_title = "skann"
llms_txt_summary = (
    "Back-propagation neural networks for scikit-learn: BPClassifier, BPRegressor, "
    "TabularClassifier and TabularRegressor."
)
llms_txt_uri_template = "{base_url}{docname}.html"
html_baseurl = ogp_site_url

html_theme = "pydata_sphinx_theme"
html_title = "skann"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
}

# scikit-learn's docstrings, which methods inherit, refer to pages of its own site.
FOREIGN_ROLE = re.compile(r":(?:ref|term|doc|func|class|meth|mod|user_guide):`([^`]*)`")


def without_foreign_links(app, what, name, thing, options, lines):
    """A docstring that scikit-learn wrote, with its links as plain words."""
    home = getattr(thing, "__module__", None) or ""
    if home.startswith("skann") and not name.endswith("_request"):
        return

    def words(match):
        text = match[1].split("<")[0].strip() or match[1].strip("<>")
        return f"``{text.lstrip('~')}``" if "." in text else text

    lines[:] = [FOREIGN_ROLE.sub(words, line) for line in lines]


# What lies outside docs/ on GitHub and is a page here.
PAGES = [
    (re.compile(r"\]\((?:\.\./)*examples/(\w+)\.py\)"), r"](/auto_examples/\1.rst)"),
    (re.compile(r"\]\((?:\.\./)*README\.md\)"), "](/index.rst)"),
    (re.compile(r"\]\((?:\.\./)*CHANGELOG\.md\)"), "](/changelog.md)"),
    (re.compile(r"\]\((?:\.\./)*CONTRIBUTING\.md\)"), "](/contributing.md)"),
    (re.compile(r"\]\(docs/"), "](/"),
]


# A public name in full, as code in a page's text: a link to its page of the reference.
PUBLIC_NAME = re.compile(r"(?<![\[`])`(skann\.\w[\w.]*)(?:\(\))?`(?!`)")


def whole_site_in_one_place(app, docname, source):
    """The repository's own pages, and links to them, the examples and the reference."""
    if docname in ("changelog", "contributing"):
        file = Path(app.srcdir).parent / f"{docname.upper()}.md"
        source[0] = file.read_text("utf-8")
    for pattern, page in PAGES:
        source[0] = pattern.sub(page, source[0])
    if Path(app.env.doc2path(docname)).suffix == ".md":
        source[0] = PUBLIC_NAME.sub(r"{py:obj}`\1`", source[0])


def setup(app):
    app.connect("source-read", whole_site_in_one_place)
    app.connect("autodoc-process-docstring", without_foreign_links, priority=1)
