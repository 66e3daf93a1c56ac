"""What becomes of a message that was not taken: whether it waits, for how long, and when it has been tried enough.

The wait before each further try is drawn evenly from nothing up to a limit that doubles with every try ("full jitter"): of all ways to space tries the one with the fewest of them when
many wait for the same receiver (M. Brooker, *Exponential Backoff and Jitter*, 2015).
"""

from datetime import datetime, timedelta
from random import Random

from core.senders.outcomes import Halted, Unfit
from core.senders.sender import NotSent, Permanent, Temporary, Uncertain
from core.store.outbox import Claim
from core.store.outbox_batches import Back, End

BASE_S, LONGEST_S = 5.0, 3600.0
MOST_TRIES = 10
"""As many as Standard Webhooks has (facts of the platforms, 2.4)."""
OLDEST = timedelta(days=1)
"""So long after it was first refused for now a message is not tried any more (rule of thumb: what was to be read today is old tomorrow)."""


def wait_s(tries: int, after_s: float | None, chance: Random) -> float:
    """Seconds before the next try, after so many. ``after_s``: what the other side asked for; never less than that, and a little more, for all the others were asked the same."""
    jitter = chance.uniform(0.0, min(LONGEST_S, BASE_S * 2.0 ** min(tries - 1, 30)))
    return jitter if after_s is None else max(after_s, 0.0) + min(jitter, BASE_S)


def ending(
    claim: Claim, trouble: NotSent, now: datetime, chance: Random, *, is_repeatable: bool, is_tried: bool = True
) -> End | Back:
    """Of a message that met a trouble. ``is_tried``: it was handed over itself; what is wrong with the way or with the whole campaign costs it no try."""
    if isinstance(trouble, Halted | Unfit):
        return Back(claim, now, error=trouble.code)
    if isinstance(trouble, Permanent):
        return End(claim, "failed", error=trouble.code)
    if isinstance(trouble, Uncertain) and not is_repeatable:
        return End(claim, "unknown", error=trouble.code)
    after_s = trouble.after_s if isinstance(trouble, Temporary) else None
    due_at = now + timedelta(seconds=wait_s(claim.attempts, after_s, chance))
    is_old = claim.tried_at is not None and due_at > claim.tried_at + OLDEST
    if is_tried and (claim.attempts >= MOST_TRIES or is_old):
        return End(claim, "dead", error=trouble.code)
    return Back(claim, due_at, error=trouble.code, is_tried=is_tried)
