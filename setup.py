"""Building the compiled engine; all else is in pyproject.toml.

Where it can't be compiled installation succeeds without it, unless the environment
variable SKANN_REQUIRE_COMPILED is 1, as for a release.
"""

import os
import shutil
import sysconfig

from setuptools import setup
from setuptools.command.build_ext import build_ext

# The stable interface, and with it one wheel for all later Pythons, is not for Python
# without the global interpreter lock.
HAS_GIL = not sysconfig.get_config_var("Py_GIL_DISABLED")


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
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if HAS_GIL else {},
)
