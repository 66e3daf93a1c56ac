"""Master keys of a home: made at first start, kept outside lake and store, never leaving their file but as derived
keys.
"""

import os
import secrets
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SIZE = 32


def master(path: Path) -> bytes:
    """The key in the file, which is made when it does not exist. Processes that start at once agree on one key."""
    if not path.exists():
        _create(path)
    key = path.read_bytes()
    if len(key) != SIZE:
        raise ValueError(
            f"The key file {path.name} holds {len(key)} bytes instead of {SIZE}. Restore it from your backup."
        )
    return key


def derive(key: bytes, purpose: str) -> bytes:
    """A key of its own for one purpose (``audit``, ``identity``, ``profile``)."""
    return HKDF(SHA256(), length=SIZE, salt=None, info=purpose.encode()).derive(key)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(SIZE))
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link, unlike a rename, fails when the file is there: the first process wins and the others read its key.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()
