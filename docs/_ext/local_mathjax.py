"""MathJax from a package of PyPI, so that pages show equations without internet.

Where that package is not installed, pages load MathJax from the network as Sphinx does.
"""

import importlib.metadata
import shutil
from pathlib import Path

DISTRIBUTION = "django-static-mathjax"  # no more than MathJax's files; needs no Django
SCRIPT = "tex-svg-full.js"  # one file: fonts and all extensions included


def bundled_script():
    """The installed MathJax, or None."""
    try:
        files = importlib.metadata.files(DISTRIBUTION) or ()
    except importlib.metadata.PackageNotFoundError:
        return None
    found = [file.locate() for file in files if file.match(f"*/es5/{SCRIPT}")]
    return Path(found[0]) if found else None


def use_bundled_script(app):
    script = bundled_script()
    if script is None or app.builder.format != "html":
        return
    app.config.mathjax_path = SCRIPT
    folder = Path(app.outdir) / "_static"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(script, folder / SCRIPT)


def setup(app):
    app.connect("builder-inited", use_bundled_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
