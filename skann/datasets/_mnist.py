"""MNIST, read from the gzipped IDX files that travel inside the package.

``FILES`` is the one table of what is shipped: per split its two files and the shape
each must hold. ``read_idx`` turns one file into bytes in an array and refuses anything
that is not exactly the announced shape; ``load_mnist`` scales, joins and wraps.

Memory is what to watch when changing this module: the 70,000 digits take 220 MB in
float32. The array is allocated once, and every split is scaled straight from its bytes
into its rows, so no other array of that size exists at any time.
"""

import gzip
import math
import struct
import zlib
from importlib import resources
from typing import Any

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Options, StrOptions

from .._decorators import validate_params
from .._optional import imported
from .._typing import DTypeLike

SIDE = 28
N_CLASSES = 10

FILES = {
    "train": {
        "images": ("train-images-idx3-ubyte.gz", (60_000, SIDE, SIDE)),
        "labels": ("train-labels-idx1-ubyte.gz", (60_000,)),
    },
    "test": {
        "images": ("t10k-images-idx3-ubyte.gz", (10_000, SIDE, SIDE)),
        "labels": ("t10k-labels-idx1-ubyte.gz", (10_000,)),
    },
}

# SHA-256 of the compressed files. Loading does not spend time on them: gzip carries a
# checksum of its own, and the tests compare these with what is shipped.
CHECKSUMS = {
    "train-images-idx3-ubyte.gz": (
        "71524e2cd1ad2968737f7f2f2ff69cbfc32df8ccddff51593f7cb2d4e0eb5b64"
    ),
    "train-labels-idx1-ubyte.gz": (
        "fe03b8bd7915f70bf5aa08be480aa413fbd85afcaa58b35d230d335f284fd88e"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "5634745efa576a17e7d4cf5cd9d09123c75e6538e5114267c2d156edaf519341"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "ae18e77e031ccde52407f794d123116439864147d33ac992975f85dd4dc42af6"
    ),
}

# The IDX code of unsigned bytes, the only element type MNIST uses.
UBYTE = 0x08

DESCR = """\
MNIST handwritten digits
------------------------

:Number of instances: 70,000 (60,000 for training, then 10,000 for testing)
:Number of attributes: 784, the pixels of a picture of 28 x 28, row by row
:Attribute values: grey levels from 0 (paper) to 1 (ink), in steps of 1/255
:Missing values: none
:Target: the digit, 0 to 9
:Creators: Yann LeCun, Corinna Cortes
:License: CC BY-SA 3.0, https://creativecommons.org/licenses/by-sa/3.0/

The digits come from two NIST collections, one written by staff of the United States
Census Bureau and one by high-school students. No writer of a training digit wrote a
test digit. Each digit was brought to 20 x 20 pixels and placed by its centre of mass
in a field of 28 x 28.

Reference: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning
applied to document recognition", Proceedings of the IEEE 86(11), 2278-2324, 1998.
"""


def data_folder():
    """Return the folder of the shipped files, also when the package is zipped."""
    return resources.files("skann.datasets") / "data" / "mnist"


def read_idx(path, shape):
    """Read one gzipped IDX file of unsigned bytes.

    An IDX file is a magic number (two zero bytes, the code of the element type, the
    number of dimensions), each dimension as a big-endian 32-bit integer, and the
    elements in C order.

    Parameters
    ----------
    path : path-like object with ``read_bytes``
        The gzipped file.
    shape : tuple of int
        The shape the file must announce and hold.

    Returns
    -------
    ndarray of shape `shape`, dtype uint8
        A read-only view of the decompressed bytes.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not gzip, is cut short or damaged, or holds anything but
        unsigned bytes of the given shape.
    """
    try:
        content = gzip.decompress(path.read_bytes())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}.") from error

    header = struct.Struct(f">HBB{len(shape)}I")
    if len(content) < header.size:
        raise ValueError(
            f"{path} is damaged: it holds {len(content)} bytes, and its IDX header "
            f"alone needs {header.size}."
        )
    magic = (0, UBYTE, len(shape))
    found_magic = header.unpack_from(content)[:3]
    if found_magic != magic:
        raise ValueError(
            f"{path} is damaged: its magic number must be {_as_hex(magic)} (unsigned "
            f"bytes in {len(shape)} dimensions), got {_as_hex(found_magic)}."
        )
    found_shape = header.unpack_from(content)[3:]
    if found_shape != tuple(shape):
        raise ValueError(
            f"{path} is damaged: its shape must be {tuple(shape)}, got {found_shape}."
        )
    n_bytes = len(content) - header.size
    if n_bytes != math.prod(shape):
        raise ValueError(
            f"{path} is damaged: shape {found_shape} needs {math.prod(shape)} bytes "
            f"after the header, got {n_bytes}."
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header.size).reshape(shape)


def _as_hex(magic):
    return "0x" + struct.pack(">HBB", *magic).hex()


def _read_splits(splits, dtype):
    """Return the pixels in [0, 1] and the labels of the splits, one after the other."""
    n_rows = sum(FILES[split]["labels"][1][0] for split in splits)
    data = np.empty((n_rows, SIDE * SIDE), dtype=dtype)
    target = np.empty(n_rows, dtype=np.int64)
    folder = data_folder()
    start = 0
    for split in splits:
        name, shape = FILES[split]["labels"]
        rows = slice(start, start + shape[0])
        target[rows] = read_idx(folder / name, shape)
        name, shape = FILES[split]["images"]
        pixels = read_idx(folder / name, shape).reshape(shape[0], -1)
        # Dividing, not multiplying by 1/255, makes full ink exactly 1.
        np.divide(pixels, 255, out=data[rows], dtype=dtype)
        start = rows.stop
    return data, target


@validate_params(
    {
        "subset": [StrOptions({"all", "train", "test"})],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
        "dtype": [Options(type, {np.float32, np.float64})],
    },
    prefer_skip_nested_validation=True,
)
def load_mnist(
    *,
    subset: str = "all",
    return_X_y: bool = False,
    as_frame: bool = False,
    dtype: DTypeLike = np.float32,
) -> Any:
    """Load the MNIST handwritten digits (classification, 10 classes).

    The files are part of the package: nothing is downloaded.

    Parameters
    ----------
    subset : {"all", "train", "test"}, default="all"
        Which rows of the original split to load: the 60,000 training digits, the
        10,000 test digits, or all of them, training digits first. The default is the
        whole set, so that ``data[:60_000]`` and ``data[60_000:]`` are the split.
    return_X_y : bool, default=False
        Return ``(data, target)`` in place of a `Bunch`.
    as_frame : bool, default=False
        Return pandas objects: `data` a DataFrame, `target` a Series. Needs the extra
        ``skann[frame]``.
    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Type of the pixels. Their 256 levels need no more than float32, which halves
        the memory (all digits: 220 MB) and the time to train.

    Returns
    -------
    digits : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the attributes

        data : ndarray or DataFrame of shape (n_samples, 784), dtype `dtype`
            One picture a row, its 28 x 28 pixels row by row, from 0 (paper) to
            1 (ink).
        target : ndarray or Series of shape (n_samples,), dtype int64
            The digit in each picture.
        feature_names : list of str
            ``pixel_<row>_<column>``, counted from 0 at the top left.
        target_names : ndarray of shape (10,)
            The classes: the digits 0 to 9.
        images : ndarray of shape (n_samples, 28, 28), dtype `dtype`
            The pictures: the memory of `data` in another shape, not a copy.
        frame : DataFrame of shape (n_samples, 785), or None
            `data` and `target` side by side if `as_frame` is True.
        DESCR : str
            Description of the data, with its source and license.

    (data, target) : tuple if `return_X_y` is True
        The pixels and the digits, as above.

    Raises
    ------
    ValueError
        If a parameter has a value that is not listed here, or a file of the package
        is damaged.
    ImportError
        If `as_frame` is True and pandas is not installed.

    See Also
    --------
    make_xor : The smallest problem that needs a hidden layer.
    make_spirals : Spirals in the plane.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to
    document recognition", Proceedings of the IEEE 86(11), 2278-2324, 1998.

    Examples
    --------
    >>> from skann.datasets import load_mnist
    >>> digits = load_mnist(subset="test")
    >>> digits.data.shape, digits.images.shape
    ((10000, 784), (10000, 28, 28))
    >>> digits.target[:5].tolist()
    [7, 2, 1, 0, 4]
    """
    # Asked for first: a missing pandas should not cost a load of 220 MB.
    pandas = None
    if as_frame:
        pandas = imported("pandas", "load_mnist(as_frame=True)", "frame")
    splits = tuple(FILES) if subset == "all" else (subset,)
    data, target = _read_splits(splits, dtype)
    images = data.reshape(-1, SIDE, SIDE)
    feature_names = [f"pixel_{row}_{col}" for row in range(SIDE) for col in range(SIDE)]
    if as_frame:
        data = pandas.DataFrame(data, columns=feature_names, copy=False)
        target = pandas.Series(target, name="target", copy=False)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        feature_names=feature_names,
        target_names=np.arange(N_CLASSES),
        images=images,
        frame=data.assign(target=target) if as_frame else None,
        DESCR=DESCR,
    )
