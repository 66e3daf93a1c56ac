"""One world of a home, as use cases take it: its lake, store and keys, already built."""

from dataclasses import dataclass

from core.lake.reader import Lake
from core.lake.writer import Writer
from core.privacy.pseudonyms import Keys
from core.settings import Settings, World
from core.store.session import Store


@dataclass(frozen=True)
class Home:
    settings: Settings
    world: World
    lake: Lake
    writer: Writer
    store: Store
    keys: Keys
