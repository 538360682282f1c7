"""Numbers and dates that are written as text."""

import re
from functools import partial

import numpy as np

# Ways to write numbers: 1,234.5 and 1.234,5; times of a day, 23:59:59; and dates.
POINT, COMMA, CLOCK, ISO = "point", "comma", "clock", "iso"

# What stands for a gap among numbers or dates.
_GAPS = {"", "?", "-", "--", ".", "missing", "unknown", "null", "none"}
_GAPS |= {"na", "n/a", "#n/a", "<na>", "nan", "nat"}


def is_gap_text(text):
    """Whether a text among numbers or dates stands for a gap."""
    return text.strip().lower() in _GAPS


_SPACES = " \u00a0\u202f"  # groups of digits are divided by these as well


def _number_pattern(decimal, groups):
    # A group never begins with zero: 0,123 has a decimal comma.
    whole = rf"(?:[1-9]\d{{0,2}}([{groups}{_SPACES}'’])\d{{3}}(?:\1\d{{3}})*|\d+)"
    fraction = rf"(?:{whole}(?:{decimal}\d*)?|{decimal}\d+)"
    return re.compile(rf"[+-]?{fraction}(?:[eE][+-]?\d+)?")


def _number(text, pattern, decimal):
    text = text.strip().replace("−", "-")
    found = pattern.fullmatch(text)
    if found is None:
        return float(text) if _INFINITE.fullmatch(text) else None
    if found[1]:
        text = text.replace(found[1], "")
    return float(text.replace(decimal, "."))


_INFINITE = re.compile(r"[+-]?(?:inf|infinity)", re.IGNORECASE)

# An offset or a name, CET or Europe/Berlin, or both.
_ZONE = (
    r"(?: ?(?:(?!AM|PM)[A-Z]{1,5}|[+-]\d\d(?::?\d\d)?))?"
    r"(?: [A-Z]\w+/\w+|\[[\w/+-]+\])?"
)
_TIME = r"\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?"
_CLOCK = re.compile(rf"(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{{1,9}}))?)?{_ZONE}")
_DAY = re.compile(rf"(\d{{4}}-\d\d-\d\d|\d{{4}}/\d\d/\d\d)(?:[T ]({_TIME}){_ZONE})?")


def _seconds(text):
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, seconds = (int(found[i] or 0) for i in (1, 2, 3))
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return hours * 3600 + minutes * 60 + seconds + float(f"0.{found[4] or 0}")


def date_in(text):
    """The date that a text is as ISO 8601 writes it, or None.

    A zone is left out: the date is as the clock there showed it.
    """
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return None
    time = (found[2] or "00:00").replace(",", ".")[:15]  # to the microsecond
    try:
        return np.datetime64(f"{found[1].replace('/', '-')}T{time}", "us")
    except ValueError:  # the 30th of February
        return None


# By form, what makes a number of a text, or None where it is not of that form.
NUMBERS = {
    POINT: partial(_number, pattern=_number_pattern(r"\.", ","), decimal="."),
    COMMA: partial(_number, pattern=_number_pattern(",", "."), decimal=","),
    CLOCK: _seconds,
}
PARSERS = {**NUMBERS, ISO: date_in}
