"""Packages that are not needed to run, imported where they are used."""

import importlib


def imported(module, who, extra, instead=""):
    """A module that an extra of the package brings.

    Parameters
    ----------
    module : str
    who : str
        What needs it, for the error.
    extra : str
        Name of the extra.
    instead : str
        What to do without it, a sentence after a space.

    Raises
    ------
    ImportError
        If it is not installed; the message has the extra's name.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f'{who} needs {package}: pip install "skann[{extra}]".{instead}'
        ) from error
