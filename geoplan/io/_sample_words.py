"""Names in the made-up park, in both languages at once."""

from __future__ import annotations

from geoplan.words import say, text

__all__ = ["in_both"]


def in_both(key: str, **values: object) -> str:
    """A name as the sample stores it: Chinese, then English.

    Examples
    --------
    >>> in_both("street.longwen").split()[-2:]
    ['Longwen', 'Road']
    """
    return text("sample.both", "zh", **say(f"sample.{key}", **values).both())
