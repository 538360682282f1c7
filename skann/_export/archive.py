"""Plain data in one file, without pickle: a zip of JSON and .npy.

``data.json`` has everything but the arrays, which are one .npy file each, not
compressed. The zip's own CRC-32 is the checksum of each. JSON has no tuples, no
infinity and no dicts with other keys than text; they, and arrays, are objects of one
key that begins with ``$``.

A file is read as if an enemy had written it. Nothing in it is executed: arrays of
objects are not read, and no class is looked up by its name. Nothing is allocated that
the file has not the bytes for: entries are not compressed and must not overlap, and an
array's header must agree with the bytes behind it.
"""

import glob
import io
import itertools
import json
import math
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

_MAIN = "data.json"
_KINDS = "biufSU"
# Bytes of a .npy header; NumPy's own of such arrays have 128.
_LONGEST_HEADER = 1024


def write(path, data, n_before=0):
    """Write plain data to a file, which takes the place of another only when whole.

    Parameters
    ----------
    path : str or path-like
    data : dict
        Of None, booleans, numbers, text, arrays, and tuples, lists and dicts of them.
    n_before : int
        How many of the files that were there before are kept, see :func:`before`.

    Raises
    ------
    TypeError
        If there is something else among them.
    """
    arrays = []
    main = json.dumps(_encoded(data, arrays), allow_nan=False, ensure_ascii=False)
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr(_entry(_MAIN), main)
                for i, array in enumerate(arrays):
                    with archive.open(_entry(_name(i)), "w", force_zip64=True) as entry:
                        np.lib.format.write_array(entry, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        _permit_as_usual(temporary)
        names = [path, *before(path, n_before)]
        for newer, older in reversed(list(itertools.pairwise(names))):
            if newer.exists():
                os.replace(newer, older)
        os.replace(temporary, path)
        _flush_folder(path.parent)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def before(path, number):
    """Names of so many earlier files, the newest first: ``path.1``, ``path.2``, …"""
    return [path.with_name(f"{path.name}.{k}") for k in range(1, number + 1)]


def remove_leftovers(path):
    """Remove what :func:`write` has left beside a file where it was killed."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.????????"):
        leftover.unlink(missing_ok=True)


def _flush_folder(path):
    """Have the disk know the file's new name, where a folder can be opened for that."""
    if os.name == "posix":
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _entry(name):
    # Always of the same date: the same model is the same file.
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))


def _name(i):
    return f"arrays/{i}.npy"


def _permit_as_usual(path):
    """Give a temporary file, which is its owner's alone, a new file's permissions."""
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(path, 0o666 & ~mask)


def _encoded(value, arrays):
    if isinstance(value, np.ndarray):
        return _encoded_array(value, arrays)
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, tuple):
        return {"$tuple": [_encoded(item, arrays) for item in value]}
    if isinstance(value, list):
        return [_encoded(item, arrays) for item in value]
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {key: _encoded(item, arrays) for key, item in value.items()}
        items = [[_encoded(k, arrays), _encoded(v, arrays)] for k, v in value.items()]
        return {"$items": items}
    raise TypeError(f"a file can't hold {value!r}, of type {type(value).__name__}.")


def _encoded_array(array, arrays):
    if array.dtype.kind == "O":
        items = [_encoded(item, arrays) for item in array.ravel().tolist()]
        return {"$objects": items, "shape": list(array.shape)}
    if array.dtype.kind not in _KINDS:
        raise TypeError(f"a file can't hold an array of {array.dtype}.")
    arrays.append(np.ascontiguousarray(array).reshape(array.shape))
    return {"$array": len(arrays) - 1}


def read(path):
    """Read what :func:`write` has written.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    data : dict
        With arrays of its own.

    Raises
    ------
    OSError
        If the file can't be opened.
    ValueError
        If it is not whole, or not such a file.
    """
    with open(path, "rb") as file:
        try:
            return _read(file)
        # Zip files and JSON fail in many ways; a file is the only cause they have here.
        except Exception as error:
            raise ValueError(
                f"{os.fspath(path)!r} is damaged or not a model file: {error}"
            ) from error


def _read(file):
    size = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        entries = {info.filename: info for info in archive.infolist()}
        if len(entries) != len(archive.infolist()):
            raise ValueError("it has two entries of one name.")
        for info in entries.values():
            if info.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{info.filename!r} is compressed.")
        # No more than the file has: the entries can't stand for the same bytes twice.
        if sum(info.file_size for info in entries.values()) > size:
            raise ValueError("its entries claim more bytes than it has.")
        if _MAIN not in entries:
            raise ValueError(f"it has no {_MAIN!r}.")
        tree = json.loads(archive.read(_MAIN).decode("utf-8"))
        arrays = {}
        for i in range(len(entries) - 1):
            arrays[i] = _array(archive.read(_name(i)))
    data = _decoded(tree, arrays)
    if not isinstance(data, dict):
        raise ValueError(f"{_MAIN!r} is not an object.")
    return data


def _array(content):
    """An array from the bytes of a .npy file."""
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array's header is of another version.")
    header = np.lib.format.read_array_header_1_0(stream, _LONGEST_HEADER)
    shape, in_fortran_order, dtype = header
    if dtype.kind not in _KINDS or dtype.hasobject or in_fortran_order:
        raise ValueError(f"an array of {dtype} can't be one.")
    n_bytes = len(content) - stream.tell()
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != n_bytes:
        raise ValueError(f"an array of shape {shape} does not have {n_bytes} bytes.")
    flat = np.frombuffer(content, dtype, offset=stream.tell()) if n_bytes else []
    array = np.array(flat, dtype.newbyteorder("=")).reshape(shape)
    if dtype.kind == "U":
        array.tolist()  # an error now, and not later, where that is no text
    return array


def _decoded(value, arrays):
    if isinstance(value, list):
        return [_decoded(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    tag = next(iter(value), "")
    if not tag.startswith("$"):
        return {key: _decoded(item, arrays) for key, item in value.items()}
    content = value[tag]
    if tag == "$float":
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[content]
    if tag == "$tuple":
        return tuple(_decoded(item, arrays) for item in content)
    if tag == "$items":
        return {_decoded(k, arrays): _decoded(item, arrays) for k, item in content}
    if tag == "$array":
        return arrays.pop(content)  # each is of one place only
    if tag == "$objects":
        return _array_of_objects([_decoded(i, arrays) for i in content], value["shape"])
    raise ValueError(f"it has an object {tag!r}, which is not known.")


def _array_of_objects(items, shape):
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        if isinstance(item, list | dict | tuple | np.ndarray):
            raise ValueError("an array of objects holds more than numbers and text.")
        array[i] = item
    return array.reshape(shape)
