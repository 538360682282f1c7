"""Dates as numbers."""

import numpy as np


def _years(dates):
    return dates.astype("datetime64[Y]").astype(np.int64) + 1970


def _months(dates):
    return dates.astype("datetime64[M]").astype(np.int64) % 12 + 1


def _since(larger, smaller):
    """Whole units of one kind since the last of a larger one."""

    def part(dates):
        start = dates.astype(f"datetime64[{larger}]")
        return (dates.astype(f"datetime64[{smaller}]") - start).astype(np.int64)

    return part


# By name, from a date without gaps to an integer.
_PARTS = {
    "year": _years,
    "month": _months,
    "day": lambda dates: _since("M", "D")(dates) + 1,
    # The first of January 1970 was a Thursday; Monday is 0.
    "weekday": lambda dates: (dates.astype("datetime64[D]").astype(np.int64) + 3) % 7,
    "day_of_year": lambda dates: _since("Y", "D")(dates) + 1,
    "hour": _since("D", "h"),
    "minute": _since("h", "m"),
    "second": _since("m", "s"),
}
PART_NAMES = {"days", *_PARTS}


def parts_of(dates, names):
    """Numbers that are in dates.

    Parameters
    ----------
    dates : ndarray of datetime64 of shape (n_samples,)
        With NaT for gaps.
    names : list of str or None
        Of the parts; None for those that vary here, the date as a whole first.

    Returns
    -------
    parts : list of ndarray of shape (n_samples,)
        float64, with NaN for gaps. The first is days since 1970, with fractions.
    names : list of str
    """
    gaps = np.isnat(dates)
    filled = np.where(gaps, np.datetime64(0, "us"), dates)
    found = {"days": filled.astype(np.int64) / 86_400e6}
    found |= {name: part(filled).astype(np.float64) for name, part in _PARTS.items()}
    if names is None:
        known = ~gaps
        varies = [n for n in _PARTS if len(np.unique(found[n][known])) > 1]
        names = ["days", *varies]
    return [np.where(gaps, np.nan, found[name]) for name in names], names
