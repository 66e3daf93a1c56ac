"""How people are called: told by imports and the demo, kept encrypted in the store, read by messages and by whoever may see who somebody is.

A nickname is filed under the identity that its row is filed under, and the newest one of all that a person's identities have counts. It never reaches the lake.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import ibis.expr.types as ir
import pyarrow as pa

from core.campaigns.personal import BLANKS, one_line
from core.lake.reader import Snapshot
from core.privacy import disclosure
from core.privacy.pseudonyms import Keys
from core.privacy.vault import Vault, profile_label
from core.store import profile_fields
from core.store.profile_fields import NICKNAME
from core.store.session import Store

MOST_LETTERS = 60
CHUNK = 50_000


def plain(text: str) -> str:
    """A nickname as one printable line of at most 60 letters; empty where nothing is to be seen."""
    is_plain = text.isprintable() and BLANKS.isdisjoint(text) and "  " not in text
    return (text.strip() if is_plain else one_line(text))[:MOST_LETTERS].rstrip()


def shown(text: str | None) -> str | None:
    """Masked; null where there is none."""
    called = plain(text or "")
    return disclosure.name(called) if called else None


@contextmanager
def kept(snapshot: Snapshot, store: Store, keys: Keys, batch_id: int, rows: ir.Table) -> Iterator[None]:
    """Encrypt what the rows of a batch call people, beside the block; all is stored when it ends, and counts when the batch is committed.

    ``rows``: with ``identity_key``, ``row_number`` and, or else nothing is done, ``nickname``. Of several rows of an identity the last that tells one counts.
    """
    if NICKNAME not in rows.columns:
        yield
        return
    rows = rows.filter(rows.identity_key.notnull(), rows[NICKNAME].notnull())
    told = rows.group_by("identity_key").aggregate(called=rows[NICKNAME].argmax(rows.row_number))
    found = snapshot.arrow(told.order_by("identity_key"))
    vault = Vault(keys)
    with ThreadPoolExecutor(1) as beside:
        keeping = [beside.submit(_keep, store, vault, batch_id, batch) for batch in found.to_batches(CHUNK)]
        yield
        for each in keeping:
            each.result()


def _keep(store: Store, vault: Vault, batch_id: int, batch: pa.RecordBatch) -> None:
    pairs = zip(batch["identity_key"].to_pylist(), map(plain, batch["called"].to_pylist()), strict=True)
    named = {key: text for key, text in pairs if text}
    sealed = vault.seal(named.values(), (profile_label(key, NICKNAME) for key in named))
    with store.transaction() as session:
        profile_fields.add(session, NICKNAME, batch_id, list(zip(named, sealed, strict=True)))
