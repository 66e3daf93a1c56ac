"""Which encoding a text is written in, when it does not say."""

import codecs
import re

BOMS = {"utf-8-sig": codecs.BOM_UTF8, "utf-16": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
EMBEDDED_SHARE = 0.5
LOOK_AT = 1 << 16


def detected(start: bytes, is_cut: bool = True) -> str:
    """Encoding of a beginning of a file (``is_cut``: its last character may be incomplete).

    UTF-8 when it is valid; GB18030 when it decodes and its foreign characters stand by themselves; else Windows-1252,
    which every byte sequence is nearly. Latin letters with accents are easily valid GB18030, but stand within words.
    """
    if start.startswith(BOMS["utf-16-be"]):
        return "utf-16"
    for name, mark in BOMS.items():
        if start.startswith(mark):
            return name
    if b"\0" in start[:4096] and _is_wide(start[:4096]):
        even, odd = start[0:4096:2].count(0), start[1:4096:2].count(0)
        return "utf-16-be" if even > odd else "utf-16-le"
    if _decodes(start, "utf-8", is_cut):
        return "utf-8"
    if _decodes(start, "gb18030", is_cut) and _embedded_share(start) < EMBEDDED_SHARE:
        return "gb18030"
    return "utf-8" if _valid_lines_share(start) > 0.5 else "cp1252"


def _is_wide(start: bytes) -> bool:
    """Whether every plain sign takes two bytes. Of a text in which a NUL has strayed most line ends and commas stand alone."""
    plain = [at for at, byte in enumerate(start) if byte in b"\n,;\t|"] or [
        at for at, byte in enumerate(start) if 0 < byte < 128
    ]
    beside = sum(0 in (start[at - 1 : at] + start[at + 1 : at + 2]) for at in plain)
    return 2 * beside >= len(plain)


def _decodes(start: bytes, encoding: str, is_cut: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(start, final=not is_cut)
    except UnicodeDecodeError:
        return False
    return True


def _embedded_share(start: bytes) -> float:
    """Share of the runs of foreign characters, read as GB18030, that touch a plain letter, as accented letters of a word do."""
    text = codecs.getincrementaldecoder("gb18030")().decode(start[:LOOK_AT])
    runs = [(m.start(), m.end()) for m in re.finditer(r"[^\x00-\x7f]+", text)]
    touching = sum(text[max(0, first - 1) : first].isalpha() or text[end : end + 1].isalpha() for first, end in runs)
    return touching / len(runs) if runs else 1.0


def _valid_lines_share(start: bytes) -> float:
    """Share of the lines with foreign bytes that are valid UTF-8 all the same: a few broken rows do not make another encoding."""
    foreign = [line for line in start.split(b"\n")[:-1] if not line.isascii()]
    return sum(_decodes(line, "utf-8", False) for line in foreign) / len(foreign) if foreign else 0.0
