"""Building the compiled engine; all else is in pyproject.toml.

Where it can't be compiled installation succeeds without it, unless the environment
variable SKANN_REQUIRE_COMPILED is 1, as for a release.
"""

import os

from setuptools import setup
from setuptools.command.build_ext import build_ext


class BuildEngine(build_ext):
    """Building extensions that may or may not fail."""

    def finalize_options(self):
        super().finalize_options()
        if os.environ.get("SKANN_REQUIRE_COMPILED") == "1":
            for extension in self.extensions or ():
                extension.optional = False


setup(cmdclass={"build_ext": BuildEngine})
