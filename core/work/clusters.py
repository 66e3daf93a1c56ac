"""The house's clusters: fitted anew when the data has a new day, kept so that a label means the same people tomorrow, and named."""

from dataclasses import replace
from datetime import datetime

from core.errors import ClustersOfFew, Forbidden, InvalidClusterName, InvalidClusters, Unknown
from core.models import clusters as models
from core.models.clusters import KS
from core.scope import Operator
from core.store import audit, choices, topics
from core.store.session import Session, Store
from core.work.home import Home
from core.work.questions import clusters
from core.work.questions.clusters import KEPT, Kept
from core.work.questions.reading import reading

LONGEST_NAME = 40
TOPIC = "segments"
"""A label may stand in a segment's definition, so whoever keeps what a segment says keeps what a label says."""


def refresh(home: Home, now: datetime) -> bool:
    """Fit the house's clusters anew when the data has another newest day than they rest on, or other features. Whether that was done.

    Nothing is done in a lake whose members cannot be told apart. May be called by several processes at once: the last one stays."""
    with home.store.reading() as session:
        found = clusters.kept(session)
    with reading(home) as lake:
        known = clusters.features(lake)
        if known is None:
            return False
        if found is not None and found.on == known.as_of_on and found.model.fits(known.raw):
            return False
        try:
            model = models.fit(known.member, known.raw) if found is None else found.fit(known)
        except InvalidClusters:
            return False
        version = lake.snapshot.version
        if found is None:
            fresh = Kept(model, known.as_of_on, version)
        else:
            fresh = found.after(model, known, version, found.chosen_by)
    with home.store.transaction() as session:
        _write(session, fresh, "system", now)
    return True


def keep(home: Home, log: Store, operator: Operator, k: int, now: datetime) -> Kept:
    """From now on the house has ``k`` clusters; those that are mostly the same people, and those of a number that comes back, keep their
    labels and names. ``log``: the store that keeps the audit log. Raises
    ``Forbidden`` and ``InvalidClusters``."""
    _require(operator)
    if k not in KS:
        raise InvalidClusters(f"{KS[0]} to {KS[-1]} clusters, not {k}.", k=k, low=KS[0], high=KS[-1])
    with reading(home) as lake:
        known, found = clusters.features(lake), clusters.house(lake)
        if known is None or found is None:
            raise ClustersOfFew("There are no members.", members=0, fewest=models.FEWEST)
        model = found.fit(known, k)
        fresh = found.after(model, known, lake.snapshot.version, operator.name)
    with audit.told(home.store, log) as (session, logged):
        _write(session, fresh, operator.name, now)
        details = {"k": k, "labels": list(model.labels), "world": home.world}
        audit.append(logged, operator, "clusters.kept", "clusters", details, now=now)
    return fresh


def rename(home: Home, log: Store, operator: Operator, label: str, name: str, now: datetime) -> Kept:
    """Call a cluster by a name, or by what it is like again where the name is empty. Raises ``Forbidden``, ``Unknown``, and
    ``InvalidClusterName`` for one that is too long or another cluster's."""
    _require(operator)
    written = " ".join(name.split())
    if len(written) > LONGEST_NAME or not written.isprintable():
        raise InvalidClusterName(f"A name has at most {LONGEST_NAME} letters.", reason="long", most=LONGEST_NAME)
    with reading(home) as lake:
        shown = clusters.house(lake)
    with audit.told(home.store, log) as (session, logged):
        found = clusters.kept(session) or shown
        if found is None or label not in found.model.labels:
            raise Unknown("cluster", label, () if found is None else found.model.labels)
        others = {one: said for one, said in found.names.items() if one != label}
        if written and written in [said for one, said in others.items() if one in found.model.labels]:
            raise InvalidClusterName(f"Another cluster is called {written!r}.", reason="taken", most=LONGEST_NAME)
        fresh = replace(found, names=others | ({label: written} if written else {}))
        _write(session, fresh, operator.name, now)
        details = {"label": label, "name": written, "world": home.world}
        audit.append(logged, operator, "clusters.renamed", f"cluster:{label}", details, now=now)
    return fresh


def _require(operator: Operator) -> None:
    """The house's clusters are everybody's: who sees some units only does not change them."""
    operator.require("segment.write")
    if not operator.scope.sees_all:
        raise Forbidden("The clusters are those of the whole house.", permission="segment.write", role=operator.role)


def _write(session: Session, fresh: Kept, by: str, now: datetime) -> None:
    choices.write(session, KEPT, fresh.to_json(), by=by, now=now)
    topics.bump(session, TOPIC)
