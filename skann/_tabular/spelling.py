"""Levels of a category as text, spelt the same way whatever type brings them.

A value has one spelling alone and beside others, in an array, a list or a frame: 1,
1.0 and Decimal(1) are "1"; a midnight is its day; dates with a zone are as the clock
there showed them. How booleans are spelt depends on what `fit` has seen.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from numbers import Complex, Integral, Real

import numpy as np

from .columns import EXACT
from .parsing import date_in

# Of a category in `fit`: booleans were beside other values; there were booleans only,
# and numbers 0 and 1 mean the same; dates were among the values, and text may be one.
WORDS, BOOLEANS, DATES = "words", "booleans", "dates"

_TRUE_OR_FALSE = ("False", "True")


def form_of(values):
    """The form of a category with these values in `fit`, "" for none of the above."""
    has_booleans = has_others = False
    for value in values.tolist():
        if isinstance(value, bool | np.bool_) or (
            type(value) is str and value in _TRUE_OR_FALSE
        ):
            has_booleans = True
        elif not is_missing(value):
            if isinstance(value, _DATES):
                return DATES
            has_others = True
    if not has_booleans:
        return ""
    return WORDS if has_others else BOOLEANS


_DATES = date | np.datetime64


def spelled(values, form):
    """Values as an array of text, with None for gaps.

    Parameters
    ----------
    values : ndarray
    form : str
        What `form_of` has found in `fit`.

    Raises
    ------
    TypeError
        If a value is none, such as a list.
    """
    if values.dtype.kind == "O":
        return _texts(values.tolist(), form)
    distinct, places = np.unique(values, return_inverse=True)
    # Not tolist, which would show float32 in the digits of float64.
    return _texts(list(distinct), form)[places]


def _texts(values, form):
    text = partial(_text, form=form)
    return np.array([*map(text, values), None], dtype=object)[:-1]


def _text(value, form):
    if type(value) is str and form != DATES:
        return value
    if is_missing(value):
        return None
    for kinds, function in _SPELLINGS:
        if isinstance(value, kinds):
            return function(value, form)
    return str(value)


def _of_text(text, form):
    day = date_in(text) if form == DATES else None
    return str(text) if day is None else _of_date(day, form)


def _of_bool(value, form):
    return str(bool(value)) if form else str(int(value))


def _of_integer(value, form):
    if form == BOOLEANS and value in (0, 1):
        return str(bool(value))
    return str(int(value))


def _of_real(value, form):
    # A float beyond stands for several integers, so it is none of them.
    if abs(value) <= EXACT and value == int(value):
        return _of_integer(int(value), form)
    return str(value)


def _of_decimal(value, form):
    if value == value.to_integral_value():
        return _of_integer(int(value), form)
    near = str(float(value))
    return near if Decimal(near) == value else str(value.normalize())


def _of_date(value, form):
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
    text = str(np.datetime64(value, "us")).replace("T", " ")
    return text.removesuffix(".000000").removesuffix(" 00:00:00")


def _of_span(value, form):
    if isinstance(value, np.timedelta64):
        value = value.astype("timedelta64[us]").item()
    return str(timedelta(seconds=value.total_seconds()))


def _of_bytes(value, form):
    return value.decode(errors="backslashreplace")


def _refuse(value, form):
    raise TypeError(
        # As scikit-learn says it.
        "argument must be a string, a date or a real number, not "
        f"{type(value).__name__!r}."
    )


def _refuse_complex(value, form):
    raise ValueError("Complex data not supported: X must hold real numbers.")


# (types, how they are spelt), the first that suits.
_SPELLINGS = (
    (str, _of_text),
    (bool | np.bool_, _of_bool),
    (np.timedelta64 | timedelta, _of_span),  # NumPy's is one of its integers too
    (Integral, _of_integer),
    (Decimal, _of_decimal),
    (Real, _of_real),
    (_DATES, _of_date),
    (bytes, _of_bytes),
    (dict | list | set | tuple | np.ndarray, _refuse),
    (Complex, _refuse_complex),
)


def is_missing(value):
    """Whether a value is a gap: None, NaN, NaT or pandas' NA."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError):  # pandas' NA has no truth value; nor have arrays
        return not hasattr(value, "__len__")
