"""One-id by the letter of its rules, one link at a time, with sets. Slow and plain."""

from collections.abc import Collection, Mapping, Sequence

Key = int
Link = tuple[Key, Key, int]


def crowds(
    kinds: Mapping[Key, int], links: Sequence[Link], blocked: Collection[Key], anonymous: Collection[int]
) -> dict[Key, int]:
    """Per identity, the largest number of distinct identities of one other kind it was seen with."""
    largest = {}
    for key, kind in kinds.items():
        others: dict[int, set[Key]] = {}
        for left, right, _ in links:
            for one, other in ((left, right), (right, left)):
                counts = one == key and other in kinds and not {one, other} & set(blocked)
                if counts and kinds[other] not in anonymous and kinds[other] != kind:
                    others.setdefault(kinds[other], set()).add(other)
        largest[key] = max((len(found) for found in others.values()), default=0)
    return largest


def members(
    kinds: Mapping[Key, int],
    links: Sequence[Link],
    *,
    limits: Mapping[int, int],
    anonymous: Collection[int] = (),
    blocked: Collection[Key] = (),
    merged: Sequence[tuple[Key, Key]] = (),
    cut: Sequence[tuple[Key, Key]] = (),
) -> dict[Key, tuple[Key, bool]]:
    """``key -> (member, is_known)``. ``kinds`` names all identities, oldest first."""
    age = {key: number for number, key in enumerate(kinds)}
    crowd = crowds(kinds, links, blocked, anonymous)
    mute = {key for key in kinds if key in blocked or crowd[key] > limits[kinds[key]]}
    person = {key for key in kinds if key not in mute and kinds[key] not in anonymous}
    usable = [link for link in links if {link[0], link[1]} <= set(kinds) - mute]
    usable.sort(key=lambda link: (link[2], *sorted((age[link[0]], age[link[1]]))))
    decided = [pair for pair in merged if set(pair) <= set(kinds) - set(blocked)]
    cuts = [pair for pair in cut if set(pair) <= set(kinds)]
    named = [link for link in usable if not any(kinds[end] in anonymous for end in link[:2])]
    late = [link for link in usable if link not in named]

    freely = _grown({key: {key} for key in kinds}, decided + [link[:2] for link in named], [], set())
    torn = {key for left, right in cuts if freely[left] is freely[right] for key in freely[left]}
    start = {key: ({key} if key in torn else freely[key]) for key in kinds}
    again = [pair for pair in decided + [link[:2] for link in named] if set(pair) <= torn]
    start = _grown(start, again, cuts, set())
    groups = _grown(start, [link[:2] for link in late], cuts, person)
    return {key: (min(group, key=age.__getitem__), bool(group & person)) for key, group in groups.items()}


def _grown(
    groups: dict[Key, set[Key]], pairs: Sequence[tuple[Key, Key]], cuts: Sequence[tuple[Key, Key]], person: set[Key]
) -> dict[Key, set[Key]]:
    """Join pair by pair, unless it breaks a cut, or brings together two groups that hold a person each."""
    for left, right in pairs:
        one, other = groups[left], groups[right]
        is_cut = any((a in one and b in other) or (a in other and b in one) for a, b in cuts)
        if one is other or is_cut or (one & person and other & person):
            continue
        whole = one | other
        groups = groups | dict.fromkeys(whole, whole)
    return groups
