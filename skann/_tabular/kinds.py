"""What `fit` decides about a column, and what is then made of it.

A kind says what becomes of a column, a form what its values are written like; together
they make the same of the same values in every later table, whatever its types.

Numbers are float64 with NaN for gaps: booleans, spans of time in seconds and times of
the day are among them. Dates are datetime64 with NaT for gaps. Levels of categories and
texts are objects, text or None. Empty columns and keys are left out.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Real

import numpy as np

from .columns import DATE_TYPE, EXACT, named_errors
from .parsing import (
    CLOCK,
    COMMA,
    ISO,
    NUMBERS,
    PARSERS,
    POINT,
    date_in,
    is_gap_text,
)
from .spelling import BOOLEANS, DATES, WORDS, form_of, is_missing, spelled
from .text import is_text

NUMBER, DATE, LEVEL, TEXT = "number", "date", "category", "text"
KEY, EMPTY = "key", "empty"

KINDS = (NUMBER, DATE, LEVEL, TEXT, KEY, EMPTY)

# Behind the form of numbers and dates: `fit` has seen entries that are neither.
_OR_GAP = " or gap"
FORMS = ("", *PARSERS, *(form + _OR_GAP for form in PARSERS), WORDS, BOOLEANS, DATES)


@dataclass(frozen=True)
class Decision:
    """What a column is.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    form : str
        Of numbers and dates that were text in `fit`, one of `PARSERS`; of levels, what
        :func:`skann._tabular.spelling.form_of` has found.
    remark : str
        What the user should know, for a warning.
    """

    kind: str
    form: str = ""
    remark: str = ""


# The share of entries that make a column what it is, other entries being gaps.
_NEARLY_ALL = 0.95

# Values up to which a category has a use for each of them, and rows of a value on
# average from which on it has.
_FEW, _OFTEN = 32, 20

# Entries from which on a column of different ones is a key.
_MIN_KEYS = 32


def decided(column):
    """What a column is, by its values in `fit`.

    Raises
    ------
    TypeError, ValueError
        If it holds what no column may, with its name.
    """
    with named_errors(column.name):
        values = column.used()
        if column.codes is None and values.dtype.kind != "O":
            kind = DATE if values.dtype.kind == "M" else NUMBER
            return Decision(EMPTY if (values != values).all() else kind)
        known = [value for value in values.tolist() if not is_missing(value)]
        if not known:
            return Decision(EMPTY)
        found = Decision(LEVEL) if column.codes is not None else _of_objects(known)
        if found.kind != LEVEL:
            return found
        return _of_levels(column, form_of(values), found.remark)


def _of_levels(column, form, remark):
    levels = column.mapped(lambda values: spelled(values, form), None)
    if is_text(levels):
        return Decision(TEXT, form)
    levels = levels[np.not_equal(levels, None)]
    n_different = len(set(levels))
    if n_different >= _MIN_KEYS and n_different > _NEARLY_ALL * len(levels):
        remark = (
            f"column {column.name!r} of X is left out: nearly every entry is "
            f"different, such as {levels[0]!r}, as in a key. {remark}"
        )
        return Decision(KEY, "", remark.strip())
    if remark:
        remark = f"column {column.name!r} of X is taken for a category. {remark}"
    return Decision(LEVEL, form, remark)


def _of_objects(known):
    """A column of objects: numbers, dates, those written as text, or levels."""
    texts = Counter(value for value in known if isinstance(value, str))
    others = [value for value in known if not isinstance(value, str)]
    families = {_family(kind) for kind in set(map(type, others))} or {str}
    if len(families) > 1:
        return Decision(LEVEL)
    (family,) = families
    if not texts:
        return Decision(_KIND_OF_FAMILY.get(family, LEVEL))
    return _of_texts(texts, others, _FORMS_BESIDE.get(family, ()))


def _of_texts(texts, others, forms):
    """A column of text, and perhaps of what it is written for."""
    texts = {text: count for text, count in texts.items() if not is_gap_text(text)}
    n_entries = len(others) + sum(texts.values())
    best = "", 0, []
    for form in forms:
        parsed = [text for text in texts if PARSERS[form](text) is not None]
        share = (len(others) + sum(map(texts.get, parsed))) / max(n_entries, 1)
        if share > best[1]:
            best = form, share, parsed
    form, share, parsed = best
    if not share or (not others and _are_names(parsed, n_entries)):
        return Decision(LEVEL)
    n_different = len(parsed) + len(set(others))
    kind = DATE if form == ISO else NUMBER
    if share == 1:
        return Decision(kind, form)
    if share > _NEARLY_ALL and n_different > _FEW:
        return Decision(kind, form + _OR_GAP)
    if share < 0.5 or n_different <= _FEW:
        return Decision(LEVEL)
    odd = next(text for text in texts if text not in set(parsed))
    what = "dates" if form == ISO else "numbers"
    return Decision(
        LEVEL,
        "",
        f"Most of its entries are {what} written as text, but {odd!r} is not: write "
        f"None for gaps, or convert the column to {what}.",
    )


def _are_names(texts, n_entries):
    """Whether numbers that are text name something, such as a district or a shop.

    All are digits alone; and one begins with zero or is an integer that float64 can't
    hold, or they recur so often that a category has a use for each.
    """
    if not all(map(str.isdecimal, texts)):
        return False
    if n_entries >= _OFTEN * len(texts):
        return True
    return any(
        (text.startswith("0") and len(text) > 1) or int(text) > EXACT for text in texts
    )


# Families of types: (types, family), the first that suits.
_FAMILIES = (
    (np.timedelta64 | timedelta, "span"),
    (bool | np.bool_ | Real | Decimal, NUMBER),
    (date | np.datetime64, DATE),
    (time, "time"),
)
_KIND_OF_FAMILY = {NUMBER: NUMBER, DATE: DATE, "span": NUMBER, "time": NUMBER}
# What text beside a family may be, and text alone.
_FORMS_BESIDE = {
    str: (POINT, COMMA, CLOCK, ISO),
    NUMBER: (POINT, COMMA),
    DATE: (ISO,),
    "time": (CLOCK,),
}


def _family(kind):
    for kinds, family in _FAMILIES:
        if issubclass(kind, kinds):
            return family
    return kind


def as_kind(column, kind, form, in_fit):
    """A column as what it was decided to be.

    Parameters
    ----------
    column : Column
    kind, form : str
        Of its `Decision`.
    in_fit : bool
        Whether this is the table of `fit`, in which entries that are nothing of that
        kind are gaps.

    Returns
    -------
    values : ndarray of shape (n_samples,), or None
        None for a column that is left out.

    Raises
    ------
    ValueError
        If an entry can't be of that kind; it is named.
    """
    with named_errors(column.name):
        if kind in (KEY, EMPTY):
            return None
        if kind in (LEVEL, TEXT):
            return column.mapped(lambda values: spelled(values, form), None)
        lenient = in_fit or form.endswith(_OR_GAP)
        form = form.removesuffix(_OR_GAP)
        read, gap = _READ[kind]
        return column.mapped(lambda v: read(v, form, lenient, column.name), gap)


def written_as_text(form):
    """Whether numbers or dates of this form were text in `fit`."""
    return form.removesuffix(_OR_GAP) in PARSERS


def _numbers(values, form, lenient, name):
    kind = values.dtype.kind
    if kind in "biuf":
        return values.astype(np.float64)
    if kind == "m":
        return values / np.timedelta64(1, "s")
    parse = _or_gap(NUMBERS[form], np.nan) if form else NUMBERS[POINT]
    found = [_number(value, parse) for value in values.tolist()]
    return np.array(_without_wrong(found, values, NUMBER, lenient, name), np.float64)


def _number(value, parse):
    """A number, NaN for a gap, or None for what is no number."""
    if type(value) is float:
        return value
    if isinstance(value, str):
        # NumPy spells NaN so where it makes text of numbers.
        return np.nan if value == "nan" else parse(value)
    if is_missing(value):
        return np.nan
    family = _family(type(value))
    if family == NUMBER:
        return float(value)
    if family == "span":
        return value / _SECOND[isinstance(value, np.timedelta64)]
    if family == "time":
        fraction = value.microsecond / 1e6
        return value.hour * 3600 + value.minute * 60 + value.second + fraction
    return None


_SECOND = (timedelta(seconds=1), np.timedelta64(1, "s"))


def _dates(values, form, lenient, name):
    if values.dtype.kind == "M":
        return values
    parse = _or_gap(date_in, _NO_DATE) if form else date_in
    found = [_date(value, parse) for value in values.tolist()]
    return np.array(_without_wrong(found, values, DATE, lenient, name), DATE_TYPE)


def _or_gap(parse, gap):
    return lambda text: gap if is_gap_text(text) else parse(text)


def _date(value, parse):
    """A date, NaT for a gap, or None for what is no date."""
    if isinstance(value, str):
        return parse(value)
    if is_missing(value):
        return _NO_DATE
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
    if isinstance(value, date | np.datetime64):
        return np.datetime64(value, "us")
    return None


_NO_DATE = np.datetime64("NaT", "us")

# How a kind's values are read, and its gap.
_READ = {NUMBER: (_numbers, np.nan), DATE: (_dates, _NO_DATE)}


def _without_wrong(found, values, kind, lenient, name):
    """What was found, with gaps for entries that are not of the kind, or an error."""
    gap = _READ[kind][1]
    for i, value in enumerate(found):
        if value is None:
            if not lenient:
                wrong = values[i]
                raise ValueError(
                    f"column {name!r} of X held {_PLURALS[kind]} in fit; now it holds "
                    f"{_what(wrong)}, such as {wrong!r}."
                )
            found[i] = gap
    return found


_PLURALS = {NUMBER: "numbers", DATE: "dates", "span": "spans", "time": "times"}


def _what(value):
    if isinstance(value, str):
        return "text"
    return _PLURALS.get(_family(type(value)), f"a {type(value).__name__}")
