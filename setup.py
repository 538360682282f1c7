"""Building the compiled engine; all else is in pyproject.toml.

Where it can't be compiled installation succeeds without it, unless the environment
variable SKANN_REQUIRE_COMPILED is 1, as for a release.
"""

import os
import re
import shutil
import sysconfig
from pathlib import Path

from setuptools import setup
from setuptools.command.build_ext import build_ext

# The stable interface, and with it one wheel for all later Pythons, is not for Python
# without the global interpreter lock.
HAS_GIL = not sysconfig.get_config_var("Py_GIL_DISABLED")


SITE = "https://skann.readthedocs.io/en/stable"


def long_description():
    """The README with links that lead somewhere from the package index as well."""
    text = Path(__file__).with_name("README.md").read_text("utf-8")
    text = re.sub(
        r"\]\((?:docs/)?(\w[\w/.-]*)\.md(#[\w-]*)?\)", rf"]({SITE}/\1.html\2)", text
    )
    for page in ("CONTRIBUTING", "CHANGELOG"):
        text = text.replace(f"/{page}.html", f"/{page.lower()}.html")
    text = text.replace(f"{SITE}/README.zh-CN.html", f"{SITE}/zh/index.html")
    # What is not on the site: its name is enough.
    return re.sub(r"\[([^\]]*)\]\((?!https?:|#)[^)]*\)", r"\1", text)


class BuildEngine(build_ext):
    """Building extensions that may or may not fail."""

    def finalize_options(self):
        super().finalize_options()
        for extension in self.extensions or ():
            if os.environ.get("SKANN_REQUIRE_COMPILED") == "1":
                extension.optional = False
            if not HAS_GIL:
                extension.py_limited_api = False
                extension.define_macros = []
            if os.name == "nt":
                extension.libraries = []

    def build_extensions(self):
        # The sources need vectors of GCC's kind, which Microsoft's compiler has not.
        if self.compiler.compiler_type == "msvc" and shutil.which("clang-cl"):
            self.compiler.initialize()
            self.compiler.cc = shutil.which("clang-cl")
            for extension in self.extensions:
                extension.extra_compile_args = [
                    f"/clang:{argument}" for argument in extension.extra_compile_args
                ]
        super().build_extensions()


setup(
    cmdclass={"build_ext": BuildEngine},
    long_description=long_description(),
    long_description_content_type="text/markdown",
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if HAS_GIL else {},
)
