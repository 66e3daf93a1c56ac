"""One world as the receiver needs it: its store and its keys."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.campaigns import callbacks, links
from core.privacy.pseudonyms import Keys
from core.privacy.vault import Vault
from core.settings import World
from core.store.session import Store
from core.work.campaigns.hearing import inbox


@dataclass(frozen=True)
class Desk:
    world: World
    store: Store
    keys: Keys

    @cached_property
    def link_keys(self) -> list[bytes]:
        return [self.keys.derived(links.KEY)]

    @cached_property
    def leaving_keys(self) -> list[bytes]:
        return [self.keys.derived(links.LEAVING_KEY)]

    @cached_property
    def callback_key(self) -> bytes:
        return self.keys.derived(callbacks.KEY)

    @cached_property
    def inbox(self) -> Vault:
        return inbox.vault(self.keys)


Desks = Callable[[], Sequence[Desk]]
"""The worlds that there are at this moment; one may have been removed or made anew."""
