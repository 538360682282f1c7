"""Dates as numbers, against the standard library's."""

from datetime import datetime

import numpy as np

from skann._tabular.dates import parts_of

WHEN = [
    datetime(2024, 2, 29, 23, 59, 58),
    datetime(1969, 12, 31, 12, 0, 0),
    datetime(2000, 1, 1),
    datetime(1901, 3, 4, 5, 6, 7),
]
DATES = np.array(WHEN, dtype="datetime64[us]")


def test_parts_are_those_of_the_calendar():
    parts, names = parts_of(DATES, None)
    found = dict(zip(names, parts, strict=True))
    expected = {
        "year": [d.year for d in WHEN],
        "month": [d.month for d in WHEN],
        "day": [d.day for d in WHEN],
        "weekday": [d.weekday() for d in WHEN],
        "day_of_year": [d.timetuple().tm_yday for d in WHEN],
        "hour": [d.hour for d in WHEN],
        "minute": [d.minute for d in WHEN],
        "second": [d.second for d in WHEN],
        "days": [(d - datetime(1970, 1, 1)).total_seconds() / 86400 for d in WHEN],
    }
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-12)


def test_parts_that_do_not_vary_are_left_out():
    days = np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[us]")
    assert parts_of(days, None)[1] == ["days", "day", "weekday", "day_of_year"]


def test_the_same_parts_can_be_asked_for_again():
    parts, names = parts_of(DATES, ["days", "hour"])
    assert names == ["days", "hour"]
    assert parts[1].tolist() == [23, 12, 0, 5]


def test_gaps_are_nan_in_every_part():
    dates = DATES.copy()
    dates[1] = "NaT"
    parts, _ = parts_of(dates, None)
    for part in parts:
        assert np.isnan(part).tolist() == [False, True, False, False]


def test_gaps_alone_have_no_parts_but_the_date():
    parts, names = parts_of(np.full(3, np.datetime64("NaT", "us")), None)
    assert names == ["days"]
    assert np.isnan(parts[0]).all()
