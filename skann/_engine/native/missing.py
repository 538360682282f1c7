"""Why the compiled engine can't be imported, and what to do about it."""

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

_HERE = Path(__file__).parent
# Of this folder in the folder that has the package.
_PLACE = Path("skann", "_engine", "native")


def explained(error, folder=_HERE, search_path=None):
    """A reason, which follows "the compiled engine", and advice, a sentence.

    Parameters
    ----------
    error : ImportError
        What the import has raised.
    folder : Path
        This one.
    search_path : list of str or None
        Where Python looks for packages; None for ``sys.path``.

    Returns
    -------
    reason : str
    advice : str
    """
    if _has_engine(folder):
        again = "Install skann again for this Python: pip install --force-reinstall."
        return f"can't be loaded: {error}", again
    root = folder.parents[len(_PLACE.parts) - 1]
    if not (root / "pyproject.toml").is_file():
        return "was not built when skann was installed", (
            "Install a C compiler and then skann once more; with "
            "SKANN_REQUIRE_COMPILED=1 in the environment pip shows what goes wrong."
        )
    reason = f"was not built in the source folder {root}, from which skann is imported"
    build = f"pip install -e {root} builds it there, where there is a C compiler."
    places = (Path(each) for each in (sys.path if search_path is None else search_path))
    others = (place for place in places if place.resolve() != root.resolve())
    if any(_has_engine(place / _PLACE) for place in others):
        build = f"Start Python in another folder to import the installed skann; {build}"
    return reason, build


def _has_engine(folder):
    return any((folder / f"_compiled{end}").is_file() for end in EXTENSION_SUFFIXES)
