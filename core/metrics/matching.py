"""Matching score MS between a member's tags and those of a piece of content or a product. Arrays in, arrays out.

The formula of the source report is lost; this one is ours. MS is the cosine of two vectors of weighted tags (G. Salton, C. Buckley,
Term-weighting approaches in automatic text retrieval, Information Processing & Management 24, 1988; for content and people: M. Pazzani,
D. Billsus, Content-based recommendation systems, in The Adaptive Web, 2007):

    MS(m, p) = Σ_t w_mt · w_pt / (‖w_m‖ · ‖w_p‖), from 0 (no tag in common) to 1

A member's weight of a tag is how much of their own doing it had, each act counting less the longer ago it was (half after
``HALF_LIFE_DAYS``), as a share of its family (topic, format, channel, hour, category), times the tag's idf ln((1 + N) / (1 + n)) + 1 over
the N members of whom n have it: what nearly everybody has tells little. A piece's weight of each of its tags is the idf alone. The sum
over the tags of one family is that family's part of the score; the parts add up to it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FAMILIES = ("topic", "format", "channel", "hour", "category")
HALF_LIFE_DAYS = 30.0
WEIGHTS = {"read": 1.0, "click": 2.0, "like": 2.0, "comment": 3.0, "share": 3.0, "view": 1.0, "cart": 2.0, "order": 4.0}
"""What one act counts for at its moment. Rule of thumb."""
DECILE = 0.1


@dataclass(frozen=True, eq=False)
class Tags:
    """All tags there are: ``family`` (place in ``FAMILIES``) and ``name`` of each, by column."""

    family: Longs
    name: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.name)

    def column(self, family: str, name: str) -> int | None:
        place = FAMILIES.index(family)
        found = [column for column, one in enumerate(self.name) if one == name and self.family[column] == place]
        return found[0] if found else None


@dataclass(frozen=True, eq=False)
class Profiles:
    """Members' tags: ``weight`` (members x tags) already of length 1 and times ``idf``; ``member`` of each row, ascending."""

    tags: Tags
    member: Longs
    weight: csr_matrix
    idf: Floats


def decayed(age_days: Floats, weight: Floats, half_life_days: float = HALF_LIFE_DAYS) -> Floats:
    """What an act counts for after so many days."""
    return weight * np.exp2(-age_days / half_life_days)


def profiles(member: Longs, tag: Longs, weight: Floats, tags: Tags) -> Profiles:
    """From what acts count for: one row per act and tag, in any order, ``tag`` by its column. Members without any are not in it."""
    people, row = np.unique(member, return_inverse=True)
    counted = csr_matrix((weight, (row, tag)), shape=(len(people), len(tags)))
    counted.sum_duplicates()
    counted.eliminate_zeros()
    of = counted.tocoo()
    family = tags.family[of.col] if len(of.col) else np.empty(0, np.int64)
    whole = np.zeros((len(people), len(FAMILIES)))
    np.add.at(whole, (of.row, family), of.data)
    idf = np.log((1 + len(people)) / (1 + np.bincount(of.col, minlength=len(tags)))) + 1
    shared = csr_matrix((of.data / whole[of.row, family] * idf[of.col], (of.row, of.col)), shape=counted.shape)
    return Profiles(tags, people.astype(np.int64), _of_length_one(shared), idf)


def pieces(tag_of_piece: NDArray[np.float64], idf: Floats) -> csr_matrix:
    """Vectors of length 1 of pieces: ``tag_of_piece`` (pieces x tags) is 1 where a piece has the tag, else 0."""
    return _of_length_one(csr_matrix(tag_of_piece * idf))


def scores(profiles: Profiles, pieces: csr_matrix) -> Floats:
    """MS of every member (row) and piece (column)."""
    found: Floats = np.asarray((profiles.weight @ pieces.T).todense())
    return np.clip(found, 0.0, 1.0)


def parts(profiles: Profiles, piece: csr_matrix) -> Floats:
    """What each family adds to the score of every member (row) and one piece; the columns of ``FAMILIES`` add up to it."""
    one = np.asarray(piece.todense()).ravel()
    by_family = np.zeros((len(one), len(FAMILIES)))
    by_family[np.arange(len(one)), profiles.tags.family] = one
    return np.asarray(profiles.weight @ by_family)


@dataclass(frozen=True, slots=True)
class Trial:
    """How well a ranking finds later reads. ``auc``: chance that a read piece ranks above one that the same member did not read (mean
    over members; ties count half). ``lift``: how many times more reads the tenth of members ranked highest for a piece made than
    members do on average (over all pieces together). ``auc_error`` and ``lift_error``: their standard errors (of the mean over members; of
    a count of reads taken for Poisson). Null where nothing can be told."""

    auc: float | None
    lift: float | None
    auc_error: float | None = None
    lift_error: float | None = None

    def finds_pieces_better(self, *others: "Trial") -> bool:
        """Whether its AUC lies above that of each of the others by more than chance (two standard errors of a difference, taken for
        independent, which they are not quite: on the safe side)."""
        return all(_is_above(self.auc, self.auc_error, one.auc, one.auc_error) for one in others)

    def finds_people_better(self, other: "Trial") -> bool:
        """The same of the lift."""
        return _is_above(self.lift, self.lift_error, other.lift, other.lift_error)


def trial(score: Floats, has_read: Flags) -> Trial:
    """``score`` and ``has_read``: members x pieces, of the time after the score was made."""
    told = has_read.any(axis=1) & ~has_read.all(axis=1)
    each = _auc(score[told], has_read[told]) if told.any() else np.empty(0)
    error = float(each.std(ddof=1) / np.sqrt(len(each))) if len(each) > 1 else None
    hits = _hits(score, has_read)
    scale = DECILE * float(has_read.sum())
    lift = None if hits is None else hits / scale
    return Trial(
        float(each.mean()) if len(each) else None, lift, error, None if hits is None else float(np.sqrt(hits)) / scale
    )


def _is_above(one: float | None, error: float | None, other: float | None, other_error: float | None) -> bool:
    if one is None or error is None or other is None:
        return False
    return one - other > 2 * float(np.hypot(error, other_error or 0.0))


def _auc(score: Floats, has_read: Flags) -> Floats:
    """Mann and Whitney's U over the product of the two sizes, row by row."""
    rank = pd.DataFrame(score).rank(axis=1).to_numpy()
    read = has_read.sum(axis=1)
    other = has_read.shape[1] - read
    u = (rank * has_read).sum(axis=1) - read * (read + 1) / 2
    return u / (read * other)


def _hits(score: Floats, has_read: Flags) -> float | None:
    """Reads, over all pieces, of the tenth of members ranked highest for each; None of fewer than ten members or without reads. Of
    members with equal scores at the edge of the tenth each counts for the part of them that is in it."""
    people = len(score)
    if people < 1 / DECILE or not has_read.any():
        return None
    top = people * DECILE
    place = people - int(np.ceil(top))
    edge = np.partition(score, place, axis=0)[place]
    above, at = score > edge, score == edge
    part = (top - above.sum(axis=0)) / at.sum(axis=0)
    return float((has_read & above).sum() + ((has_read & at).sum(axis=0) * part).sum())


def _of_length_one(vectors: csr_matrix) -> csr_matrix:
    length = np.sqrt(np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel())
    kept = vectors.tocsr()
    kept.data = kept.data / np.repeat(np.where(length > 0, length, 1.0), np.diff(kept.indptr))
    return kept
