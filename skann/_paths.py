"""Names of files as users give them."""

import os
from pathlib import Path


def checked_path(path, name="path"):
    """A ``Path`` of what was given as the argument ``name``.

    Raises
    ------
    TypeError
        If it is no text and not path-like.
    ValueError
        If it is empty.
    """
    if not isinstance(path, str | bytes | os.PathLike):
        raise TypeError(f"{name} must be a str or path-like; got {path!r}.")
    if not os.fspath(path):
        raise ValueError(f"{name} must be the name of a file; got {path!r}.")
    return Path(os.fsdecode(path))
