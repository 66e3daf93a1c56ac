"""What stands against a campaign's texts: every text of every variant, held against the lists of advertising and of sensitive words."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from core.campaigns import compliance, personal
from core.campaigns.body import Body
from core.campaigns.compliance import Finding, Lists, Sender
from core.work.questions import wordlists

FORM_OF = {"marketing": "subscribe", "service": "template"}
"""What an official account sends: facts let templates carry important notices only."""


@dataclass(frozen=True, slots=True)
class Found:
    """``variant``, ``channel``, ``text`` (``title``, ``text``, ``values.code`` …): where. ``reason``: why it is let pass; empty where nobody said."""

    variant: str
    channel: str
    text: str
    finding: Finding
    reason: str

    @property
    def stands(self) -> bool:
        """Whether it still keeps the campaign from being approved."""
        return bool(compliance.standing([self.finding], {self.finding.rule: self.reason}))


@cache
def lists() -> Lists:
    """The committed lists. Raises ``ValueError`` that names the entry which cannot be read."""
    return compliance.read(wordlists.document("advertising"))


def found(body: Body, sender: Sender) -> tuple[Found, ...]:
    """Everything, in the order of variants, channels and texts. What cannot be read at all is a gap of the body and told there."""
    return tuple(_found(body, sender))


def _found(body: Body, sender: Sender) -> Iterator[Found]:
    for variant in body.variants:
        for channel in body.channels:
            content = variant.contents.get(channel)
            for name, text in {} if content is None else content.texts().items():
                if personal.problems(text):
                    continue
                for one in _of(text, name, channel, body.purpose, sender):
                    yield Found(variant.name, channel, name, one, body.reasons.get(one.rule, ""))


def _of(text: str, name: str, channel: str, purpose: str, sender: Sender) -> Iterator[Finding]:
    """What must be said is asked of the text alone, not of titles and values. The console is read as a program is."""
    said_on = "webhook" if channel == "console" else channel
    form = FORM_OF[purpose] if channel == "official_account" else ""
    for one in compliance.findings(
        text, said_on, purpose, sender=sender, lists=lists(), sensitive=wordlists.rules(), form=form
    ):
        if name == "text" or not one.rule.startswith("must."):
            yield one
