"""Messages that advertising law, platform rules or care for people ask to look at: rules over texts. What they find is a lead for a
person, never a verdict."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import ibis
import ibis.expr.types as ir

Of = Literal["staff", "member", "both"]
CATEGORIES = ("absolute", "medical", "inducement", "diversion", "personal", "fraud", "escalation")


@dataclass(frozen=True, slots=True)
class Rule:
    """``pattern``: what is looked for, once ``harmless`` is taken out of the text. ``of``: whose messages. ``title`` and ``why``: by language."""

    name: str
    title: Mapping[str, str]
    category: str
    of: Of
    pattern: str
    harmless: str
    why: Mapping[str, str]
    source: str


def read(document: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Rules of a TOML document. Raises ``ValueError`` that names the rule which cannot be read."""
    found: dict[str, Rule] = {}
    for number, one in enumerate(document.get("rule", ()), 1):
        name = str(one.get("name") or number)
        problems = [
            field for field in ("name", "title", "category", "of", "pattern", "why", "source") if not one.get(field)
        ]
        if problems or one["category"] not in CATEGORIES or one["of"] not in get_args(Of) or name in found:
            raise ValueError(f"Rule {name} of the sensitive words: {', '.join(problems) or 'category, of or name'}.")
        for pattern in (one["pattern"], one.get("except", "")):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"Rule {name} of the sensitive words: {error}.") from error
        title, why = ({"zh": one[field], "en": one.get(f"{field}_en", one[field])} for field in ("title", "why"))
        harmless = one.get("except", "")
        found[name] = Rule(name, title, one["category"], one["of"], one["pattern"], harmless, why, one["source"])
    return tuple(found.values())


def breaks(text: ir.StringValue, rule: Rule) -> ir.BooleanValue:
    """Whether a text holds what a rule looks for, whoever wrote it."""
    # A full stop where the harmless words stood: what was apart must not grow together.
    bare = text.re_replace(rule.harmless, "。") if rule.harmless else text
    return bare.re_search(rule.pattern)


def hits(texts: ir.Table, rules: Sequence[Rule]) -> ir.Table:
    """``text_id``, ``rule``: one row per distinct text and rule that it breaks. ``texts``: ``text_id``, ``text``, ``by_staff``, ``by_member``
    (whether anybody of them wrote it)."""
    found = [texts.filter(ibis.literal(False)).select("text_id", rule=ibis.literal(""))]
    for rule in rules:
        written = {"staff": texts.by_staff, "member": texts.by_member}.get(rule.of, texts.by_staff | texts.by_member)
        rows = texts.filter(written & breaks(texts.text, rule))
        found.append(rows.select("text_id", rule=ibis.literal(rule.name)))
    return ibis.union(*found) if rules else found[0]
