"""Words of chats: what texts are cut into, which terms set one side apart from another, and what texts are about. Texts in, arrays out.

Chinese is cut by the dictionary and model of jieba, in its Rust form (docs/adr/0008-segmentation.md); English by its words. A term is a
word of at least two letters, in small letters, that is no stop word, no figure and no part of an address.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Cut = Callable[[str], list[str]]

PRIOR = 100.0
"""Words that the prior counts as, shared out as all words of both sides together are."""
SURE = 2.58
"""Distance in standard errors from which a term is told: one in a hundred would be as far by chance."""
FEWEST = 5
"""Messages that hold a term at least, both sides together."""
LONGEST = 24
_ADDRESS = re.compile(r"(?i)(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CALLED = re.compile(r"^\s*[\w\-\[\]^|`]+[:,]\s+|@\S+")
_EMOTICON = re.compile(r"\[[^\[\]\s]{1,6}\]")
_TERM = re.compile(r"(?=.*[^\W\d_])[\w][\w+#'.\- ]*", re.UNICODE)


def words(text: str, cut: Cut, stops: Collection[str]) -> list[str]:
    """The terms of a text, each once, in the order in which they first come. Whom a message is for is none of them."""
    bare = _EMOTICON.sub(" ", _ADDRESS.sub(" ", _CALLED.sub(" ", text.lower(), count=1)))
    found = (one.strip(".'- ") for one in cut(bare))
    return [
        one for one in dict.fromkeys(found) if 2 <= len(one) <= LONGEST and one not in stops and _TERM.fullmatch(one)
    ]


@dataclass(frozen=True, slots=True)
class Held:
    """Which texts hold which terms. ``terms``: in the order of letters; ``by_text``: one row per text, one column per term, 1 where it
    is held."""

    terms: list[str]
    by_text: csr_matrix


def held(texts: Sequence[str], cut: Cut, stops: Collection[str]) -> Held:
    """Every text is cut once."""
    rows = [words(text, cut, stops) for text in texts]
    terms = sorted(set(chain.from_iterable(rows)))
    place = {term: number for number, term in enumerate(terms)}
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.fromiter((place[word] for row in rows for word in row), np.int64, int(ends[-1]))
    ones = np.ones(len(columns))
    return Held(terms, csr_matrix((ones, columns, ends), shape=(len(texts), len(terms))))


def apart(own: Longs, other: Longs) -> Floats:
    """How far each term sets one side apart from the other, in standard errors: above 0 where it belongs to ``own``. Log odds with an
    informative Dirichlet prior (Monroe, Colaresi and Quinn, Fightin' Words, Political Analysis 16(4), 2008, equations 16, 19, 22).

    ``own``, ``other``: messages that hold the term; a message counts once per term. The prior is both sides together, weighing as much
    as 100 words, so that rare words are not told for a chance meeting. 0 where neither side holds anything.
    """
    both = (own + other).astype(np.float64)
    total = both.sum()
    if total == 0:
        return np.zeros(len(own))
    prior = PRIOR * both / total
    left, right = own + prior, other + prior
    with np.errstate(divide="ignore", invalid="ignore"):
        odds_left = np.log(left / (own.sum() + PRIOR - left))
        odds_right = np.log(right / (other.sum() + PRIOR - right))
        found = (odds_left - odds_right) / np.sqrt(1 / left + 1 / right)
    return np.where(both > 0, np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0), 0.0)


def distinctive(own: Longs, other: Longs, most: int) -> tuple[Longs, Longs]:
    """Positions of the terms that set the one side apart, and of those that set the other apart, the surest first, ties by position.
    Told are those at least 2.58 standard errors away that at least 5 messages hold."""
    score = apart(own, other)
    is_told = own + other >= FEWEST
    order = np.argsort(-score, kind="stable")
    up = order[(is_told & (score >= SURE))[order]]
    order = np.argsort(score, kind="stable")
    down = order[(is_told & (score <= -SURE))[order]]
    return up[:most], down[:most]


# -- what texts are about ----------------------------------------------------------------------------------------------

LABELS = 5
"""Terms that name a topic."""
SEED = 0


@dataclass(frozen=True, slots=True)
class Topics:
    """``of_text``: the topic of each text, from 0, -1 where it is about none of them. ``weight``: how much it is about it, 0 to 1 of the
    topic's most typical text. ``labels``: the terms that name each topic, the weightiest first."""

    of_text: Longs
    weight: Floats
    labels: tuple[tuple[str, ...], ...]


def topics(held: Held, count: Longs, most: int) -> Topics:
    """Texts by what they are about: TF-IDF, then a non-negative factorisation (NMF; Lee and Seung, Nature 401, 1999) into at most so many
    topics, the one with the most messages first. ``count``: messages of each text.

    A text written often weighs as the root of how often. Starts from the same place every time, so the same texts have the same topics.
    Terms held by fewer than three texts, or by more than half of them, tell no topic.
    """
    nobody = Topics(np.full(len(count), -1, np.int64), np.zeros(len(count)), ())
    texts = np.asarray(held.by_text.sum(axis=0)).ravel()
    kept = np.flatnonzero((texts >= 3) & (texts <= max(len(count) / 2, 3)))
    if len(kept) < 2 * most:
        most = len(kept) // 2
    if most < 2:
        return nobody
    # These take a second to import, which no other page needs.
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfTransformer

    weighed = TfidfTransformer(sublinear_tf=True).fit_transform(held.by_text[:, kept])
    weighed = weighed.multiply(np.sqrt(count)[:, None]).tocsr()
    model = NMF(most, init="nndsvda", random_state=SEED, max_iter=150, tol=1e-3)
    shares = _fitted(model, weighed)
    shares = shares * np.linalg.norm(model.components_, axis=1)
    best = shares.argmax(axis=1)
    value = shares[np.arange(len(shares)), best]
    of_text = np.where(value > 1e-9, best, -1)
    size = np.bincount(of_text[of_text >= 0], count[of_text >= 0], most)
    order = [int(one) for one in np.argsort(-size, kind="stable") if size[one] > 0]
    place = np.full(most + 1, -1, np.int64)
    place[order] = np.arange(len(order))
    labels = tuple(
        tuple(held.terms[kept[term]] for term in np.argsort(-model.components_[one], kind="stable")[:LABELS])
        for one in order
    )
    top = np.zeros(most)
    np.maximum.at(top, best, value)
    typical = np.divide(value, top[best], out=np.zeros(len(value)), where=top[best] > 0)
    return Topics(place[of_text], typical, labels)


def _fitted(model: object, weighed: csr_matrix) -> Floats:
    """The factorisation stops after so many rounds whether it has settled or not: topics are told, not measured."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found: Floats = model.fit_transform(weighed)  # type: ignore[attr-defined]
    return found
