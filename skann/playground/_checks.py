"""Checks of what a page sends: each returns the value, or raises a ValueError."""

import math

MAX_POINTS = 2000
_MAX_SHOWN = 100  # characters of a value in an error message


def shown(value):
    """The representation of a value, cut if it is long."""
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def one_of(*allowed):
    """A check for one of several strings."""

    def check(name, value):
        if not isinstance(value, str) or value not in allowed:
            raise ValueError(
                f"{name} must be one of {list(allowed)}; got {shown(value)}."
            )
        return value

    return check


def number(low, high, whole=False):
    """A check for a finite number between two limits, which are allowed."""

    def check(name, value):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            raise ValueError(
                f"{name} must be from {low} to {high}; got {shown(value)}."
            )
        if whole and value != int(value):
            raise ValueError(f"{name} must be a whole number; got {shown(value)}.")
        return int(value) if whole else float(value)

    return check


def list_of(each, longest, shortest=0, distinct=False):
    """A check for a list, and by another check for each of its entries."""

    def check(name, value):
        if not isinstance(value, list) or not shortest <= len(value) <= longest:
            raise ValueError(
                f"{name} must be a list of {shortest} to {longest}; got {shown(value)}."
            )
        found = [each(name, item) for item in value]
        if distinct and len(set(found)) < len(found):
            raise ValueError(f"{name} must not repeat an entry; got {shown(value)}.")
        return found

    return check


def text(longest):
    """A check for a string of a limited length."""

    def check(name, value):
        if not isinstance(value, str) or len(value) > longest:
            raise ValueError(
                f"{name} must be text of at most {longest} characters; "
                f"got {shown(value)}."
            )
        return value

    return check


def flag(name, value):
    """The check for true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false; got {shown(value)}.")
    return value


def plain(name, value, deepest=8):
    """The check for what JSON can say: finite numbers, text, lists and objects."""
    waiting = [(value, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > deepest:
            raise ValueError(f"{name} is nested deeper than {deepest}.")
        if isinstance(value, dict):
            waiting += [(v, depth + 1) for pair in value.items() for v in pair]
        elif isinstance(value, list):
            waiting += [(v, depth + 1) for v in value]
        elif isinstance(value, str):
            _check_text(name, value)
        elif isinstance(value, int | float):
            # Larger integers are not exact in JavaScript.
            largest = 2**53 if isinstance(value, int) else math.inf
            if not abs(value) <= largest or abs(value) == math.inf:
                raise ValueError(
                    f"{name} has a number that is not finite or too large: "
                    f"{shown(value)}."
                )
        elif value is not None:
            raise ValueError(f"{name} has a value of type {type(value).__name__}.")


def _check_text(name, value):
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{name} has half a surrogate pair, which is no character: {shown(value)}."
        ) from None


_coordinate, _class = number(-6, 6), number(0, 1, whole=True)


def _point(name, value):
    if not isinstance(value, list) or len(value) != 3:
        raise ValueError(
            f"{name} must be three numbers each: x, y and the class; got "
            f"{shown(value)}."
        )
    x, y, label = value
    return _coordinate(name, x), _coordinate(name, y), _class(name, label)


# The check for points drawn by hand: from lists to tuples of x, y and the class.
points = list_of(_point, MAX_POINTS)
