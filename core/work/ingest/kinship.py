"""Whether a file speaks of people whom the lake knows already by the same ids.

Ids of one system (member numbers, user ids) mean a person only within their source. Two files of one system have to name the same
source, or their people stay apart; so a guess looks whose ids they are.
"""

from dataclasses import replace

import ibis
import pyarrow as pa

from core.privacy import pseudonyms
from core.schema import GLOBAL_IDENTITY_TYPES
from core.work.home import Home
from core.work.ingest.guess import Guess, Note, Sample

MOSTLY = 0.5
FEW = 10
SHORT_NUMBER = 6
"""Numbers up to so many digits occur in any system: that they are known says little."""


def told(home: Home, sample: Sample, found: Guess) -> Guess:
    """The guess with the source whose ids the file carries, and a note that says so: at least ``MOSTLY`` of at least ``FEW`` distinct
    ids of the sample known from another source. Where those ids are short numbers, with a note alone."""
    texts = _texts(sample, found)
    if not texts:
        return found
    source, count = _best(home, texts)
    asked = sum(len(values) for values in texts.values())
    if source is None or source == found.mapping.source or asked < FEW or count < MOSTLY * asked:
        return found
    is_short = all(value.isdigit() and len(value) <= SHORT_NUMBER for values in texts.values() for value in values)
    details = {"source": source, "known": str(count), "count": str(asked)}
    note = Note("source_perhaps" if is_short else "source_known", details)
    mapping = found.mapping if is_short else replace(found.mapping, source=source)
    return replace(found, mapping=mapping, notes=(*found.notes, note))


def _texts(sample: Sample, found: Guess) -> dict[str, list[str]]:
    """Distinct ids of the sample that mean a person only within their source, by type."""
    texts: dict[str, list[str]] = {}
    for kind, columns in found.mapping.identities.items():
        if kind in GLOBAL_IDENTITY_TYPES or kind == "anonymous_id":
            continue
        cells = (cell for column in columns for cell in sample.columns[column] if cell)
        values = {pseudonyms.normalised_text(kind, cell) for cell in cells} - {None, *found.mapping.nulls}
        if values:
            texts[kind] = sorted(value for value in values if value is not None)
    return texts


def _best(home: Home, texts: dict[str, list[str]]) -> tuple[str | None, int]:
    """The source that knows most of the ids, the first by name of several, and how many it knows."""
    with home.lake.open() as snapshot:
        if not snapshot.files("identities"):
            return None, 0
        identities = snapshot.table("identities")
        asked = []
        for kind, values in texts.items():
            rows = ibis.memtable(pa.table({"text": pa.array(values, pa.string())}))
            known = identities.filter(identities.identity_type == kind)
            spaces = snapshot.arrow(known.select("namespace").distinct())["namespace"].to_pylist()
            for space in spaces:
                mac = pseudonyms.mac(home.keys, kind, space, rows.text)
                keyed = rows.select(identity_key=pseudonyms.key(mac))
                asked.append(keyed.semi_join(known, "identity_key").select(space=ibis.literal(space)))
        if not asked:
            return None, 0
        found = ibis.union(*asked) if len(asked) > 1 else asked[0]
        counts = snapshot.arrow(found.group_by("space").aggregate(known=found.count())).to_pylist()
    best = min(counts, key=lambda row: (-row["known"], row["space"]), default=None)
    return (None, 0) if best is None else (best["space"], best["known"])
