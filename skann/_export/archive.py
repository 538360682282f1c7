"""Plain data in one file, without pickle: a zip of JSON and .npy.

``data.json`` has everything but the arrays, which are one .npy file each, not
compressed. The zip's own CRC-32 is the checksum of each. JSON has no tuples, no
infinity and no dicts with other keys than text; they, and arrays, are objects of one
key that begins with ``$``.

A file is read as if an enemy had written it. Nothing in it is executed: arrays of
objects are not read, and no class is looked up by its name. No array is allocated that
the file has not the bytes for: entries are not compressed and must not overlap, and an
array's header must agree with the bytes behind it. Lists and objects in the JSON, of
which an empty one takes forty times its two bytes, are limited in number and depth.
"""

import errno
import glob
import itertools
import json
import math
import os
import re
import secrets
import zipfile
from pathlib import Path

import numpy as np

_MAIN = "data.json"
_KINDS = "biufSU"
# What NumPy writes before such an array: format 1.0, and a dict as text.
_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '([<>|=][biufSU]\d{1,9})', 'fortran_order': (False|True), "
    rb"'shape': \(((?:\d{1,19}, ?)*(?:\d{1,19})?)\), \} *\n"
)
_LONGEST_HEADER = 1024
# Lists and objects that any file may have, and bytes of a file for one more: a column
# of a table has one or two, and weights of every network.
_FEW, _BYTES_A_LIST = 10_000, 16
_DEEPEST = 100


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
    path = _followed(Path(path))
    # Known before the file is there: an interrupt comes between any two lines.
    temporary = path.with_name(_temporary_name(path.name))
    try:
        with open(temporary, "xb", opener=_private) as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr(_entry(_MAIN), main)
                for i, array in enumerate(arrays):
                    with archive.open(_entry(_name(i)), "w", force_zip64=True) as entry:
                        np.lib.format.write_array(entry, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _permissions(path))
        names = [path, *before(path, n_before)]
        for newer, older in reversed(list(itertools.pairwise(names))):
            if newer.exists():
                os.replace(newer, older)
        os.replace(temporary, path)
        _flush_folder(path.parent)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, ValueError) and error.__context__ is not None:
            raise error.__context__ from None  # a zip file has put its own in its place
        raise


def _followed(path):
    """The file that a symbolic link leads to, which is replaced and not the link."""
    return path.resolve() if path.is_symlink() else path


def _temporary_name(name):
    # Names of files have 255 bytes at most in most places.
    beginning = name.encode()[:200].decode(errors="ignore")
    return f".{beginning}.{secrets.token_hex(8)}"


def _private(path, flags):
    return os.open(path, flags, 0o600)


def before(path, number):
    """Names of so many earlier files, the newest first: ``path.1``, ``path.2``, …"""
    path = _followed(path)
    return [path.with_name(f"{path.name}.{k}") for k in range(1, number + 1)]


def remove_leftovers(path):
    """Remove what :func:`write` has left beside a file where it was killed."""
    path = _followed(path)
    stem, _, token = _temporary_name(path.name).rpartition(".")
    for leftover in path.parent.glob(f"{glob.escape(stem)}.{'[0-9a-f]' * len(token)}"):
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


def _permissions(path):
    """Those of the file that is there, else those that a new file gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


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
        If the file can't be opened or read.
    MemoryError
        If there is not the memory for it.
    ValueError
        If it is not whole, or not such a file.
    """
    with open(path, "rb") as file:
        try:
            return _read(file)
        # Zip files and JSON fail in many ways, of which a file is the only cause.
        except Exception as error:
            cause = _not_the_files(error)
            if cause is not None:
                raise cause from None
            raise ValueError(
                f"{os.fspath(path)!r} is damaged or not a model file: {error}"
            ) from error


def _not_the_files(error):
    """What no content of a file brings about, among an error and its causes; or None.

    A place in the file that is not there is an "invalid argument" of the file system.
    """
    while error is not None:
        if isinstance(error, MemoryError):
            return error
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            return error
        error = error.__cause__ or error.__context__
    return None


def _read(file):
    size = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        entries = {info.filename: info for info in archive.infolist()}
        if len(entries) != len(archive.infolist()):
            raise ValueError("it has two entries of one name.")
        for info in entries.values():
            stored = info.compress_type == zipfile.ZIP_STORED
            # By the compressed size the zip file says how much is to be read at once.
            if not stored or info.compress_size != info.file_size:
                raise ValueError(f"{info.filename!r} is compressed.")
        # No more than the file has: the entries can't stand for the same bytes twice.
        if sum(info.file_size for info in entries.values()) > size:
            raise ValueError("its entries claim more bytes than it has.")
        if _MAIN not in entries:
            raise ValueError(f"it has no {_MAIN!r}.")
        tree = _tree(archive.read(_MAIN), size)
        arrays = {}
        for i in range(len(entries) - 1):
            arrays[i] = _array(archive.read(_name(i)))
    data = _decoded(tree, arrays)
    if not isinstance(data, dict):
        raise ValueError(f"{_MAIN!r} is not an object.")
    return data


def _tree(content, size):
    """The JSON of a file of this size, before arrays and others are put in."""
    n_lists = content.count(b"[") + content.count(b"{")
    if n_lists > _FEW + size // _BYTES_A_LIST:
        raise ValueError(f"it has {n_lists} lists and objects in {size} bytes.")
    try:
        return json.loads(content.decode("utf-8"))
    except RecursionError:
        raise ValueError("its lists are too deep.") from None


def _array(content):
    """An array from the bytes of a .npy file."""
    start = len(_MAGIC) + 2
    end = start + int.from_bytes(content[len(_MAGIC) : start], "little")
    header = None
    if content.startswith(_MAGIC) and end - start <= _LONGEST_HEADER:
        header = _HEADER.fullmatch(content[start:end])
    if header is None:
        raise ValueError("an array's header is not such as NumPy writes.")
    dtype = np.dtype(header[1].decode())
    shape = tuple(int(n) for n in header[3].decode().split(",") if n.strip())
    n_bytes = len(content) - end
    if header[2] == b"True" or dtype.kind not in _KINDS or len(shape) > 32:
        raise ValueError(f"an array of {dtype} and shape {shape} can't be one.")
    # Of an array without entries NumPy allocates one; its size overflows in NumPy 2.0.
    fits = 0 <= dtype.itemsize <= len(content)
    if math.prod(shape) * dtype.itemsize != n_bytes or not fits:
        raise ValueError(f"an array of shape {shape} does not have {n_bytes} bytes.")
    flat = np.frombuffer(content, dtype, offset=end) if n_bytes else []
    array = np.array(flat, dtype.newbyteorder("=")).reshape(shape)
    if dtype.kind == "U":
        array.tolist()  # an error now, and not later, where that is no text
    return array


def _decoded(value, arrays, depth=0):
    if depth > _DEEPEST:
        raise ValueError("its lists are too deep.")

    def decoded(item):
        return _decoded(item, arrays, depth + 1)

    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag = next(iter(value), "")
    if not tag.startswith("$"):
        return {key: decoded(item) for key, item in value.items()}
    content = value[tag]
    if tag == "$float":
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[content]
    if tag == "$tuple":
        return tuple(decoded(item) for item in content)
    if tag == "$items":
        return {decoded(k): decoded(item) for k, item in content}
    if tag == "$array":
        return arrays.pop(content)  # each is of one place only
    if tag == "$objects":
        return _array_of_objects([decoded(item) for item in content], value["shape"])
    raise ValueError(f"it has an object {tag!r}, which is not known.")


def _array_of_objects(items, shape):
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        if isinstance(item, list | dict | tuple | np.ndarray):
            raise ValueError("an array of objects holds more than numbers and text.")
        array[i] = item
    return array.reshape(shape)
