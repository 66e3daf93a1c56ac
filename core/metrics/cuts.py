"""One value that parts many into a low and a high side, the value itself on the high side. So equal values never part.

All are asked of values of which more is better. Undefined of no values.
"""

import numpy as np

from core.sequences.arrays import Array, Int64s


def even(values: Array) -> float:
    """The observed value that parts the people most evenly: as near to half of them on the high side as equal values allow. Of two that
    are equally near, the larger, so fewer people are high. All are high where all are equal.

    The median would put everybody on the high side where most people share the smallest value, as with orders, most of which are one.
    """
    distinct, high = _sides(values)
    if distinct.size == 1:
        return float(distinct[0])
    off = np.abs(2 * high[1:] - values.size)
    return float(distinct[1:][::-1][int(np.argmin(off[::-1]))])


def mean(values: Array) -> float:
    """The arithmetic mean."""
    return float(values.mean())


def natural(values: Array) -> float:
    """Natural breaks of two classes (Jenks 1967, Fisher 1958), exactly: the smallest value of the high side where the squared deviations
    from the means of both sides add up to the least. Of equally good ones the smallest. All are high where all are equal.

    In one dimension the best classes are neighbours in order, so every boundary between distinct values is tried: O(n log n).
    """
    distinct, high = _sides(values)
    if distinct.size == 1:
        return float(distinct[0])
    counts = high - np.append(high[1:], 0)
    centred = distinct - values.mean()
    above = np.cumsum((centred * counts)[::-1])[::-1][1:]
    people = high[1:].astype(np.float64)
    # With the mean at 0 both sides sum to the same, so what lies between the sides is above² (1/high + 1/low).
    between = above**2 * (1 / people + 1 / (values.size - people))
    return float(distinct[1:][int(np.argmax(between))])


def _sides(values: Array) -> tuple[Array, Int64s]:
    """Distinct values, ascending, and how many are that high or higher."""
    distinct, counts = np.unique(values, return_counts=True)
    return distinct, np.cumsum(counts[::-1])[::-1].astype(np.int64)
