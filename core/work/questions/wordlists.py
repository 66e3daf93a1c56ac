"""Committed lists of words: what says nothing of a topic, what rules look for, and the names of the brand's own products."""

import tomllib
from functools import cache
from typing import Any

import rjieba

from core.lake.reader import Snapshot
from core.metrics import sensitive
from core.metrics.sensitive import Rule
from core.metrics.terms import Cut
from core.settings import PROJECT
from core.work.questions.kept import per_version

FOLDER = PROJECT / "data" / "words"
LONGEST_NAME = 20
"""Letters of a product's name that is one word."""


@cache
def stops() -> frozenset[str]:
    """Words that say nothing of what a chat is about."""
    return frozenset(word for words in document("stop").values() for word in words)


@cache
def rules() -> tuple[Rule, ...]:
    """What messages are checked for. Raises ``ValueError`` where the list cannot be read."""
    return sensitive.read(document("sensitive"))


@per_version("products")
def cut(snapshot: Snapshot) -> Cut:
    """Cuts a text into words, names of products whole: a name up to its first blank, so that sizes are left out."""
    cutter = rjieba.Jieba()
    if snapshot.files("products"):
        for name in snapshot.arrow(snapshot.current("products").select("name"))["name"].to_pylist():
            word = (name or "").split(" ")[0].lower()
            if 2 <= len(word) <= LONGEST_NAME:
                cutter.add_word(word, None, None)
    return cutter.cut


def document(name: str) -> dict[str, Any]:
    """A committed list by its name."""
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
