"""Which encoding a text is written in, when it does not say."""

import codecs

BOMS = {"utf-8-sig": codecs.BOM_UTF8, "utf-16": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
COMMON_SHARE = 0.8


def detected(start: bytes, is_cut: bool = True) -> str:
    """Encoding of a beginning of a file (``is_cut``: its last character may be incomplete).

    UTF-8 when it is valid; GB18030 when it decodes and most of its characters are the common ones of GB 2312; else
    Windows-1252, which every byte sequence is nearly. Latin letters with accents are easily valid GB18030, but not common in it.
    """
    if start.startswith(BOMS["utf-16-be"]):
        return "utf-16"
    for name, mark in BOMS.items():
        if start.startswith(mark):
            return name
    if b"\0" in start[:4096]:
        even, odd = start[0:4096:2].count(0), start[1:4096:2].count(0)
        return "utf-16-be" if even > odd else "utf-16-le"
    if _decodes(start, "utf-8", is_cut):
        return "utf-8"
    if _decodes(start, "gb18030", is_cut) and _common_share(start) >= COMMON_SHARE:
        return "gb18030"
    return "utf-8" if _valid_lines_share(start) > 0.5 else "cp1252"


def _decodes(start: bytes, encoding: str, is_cut: bool) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(start, final=not is_cut)
    except UnicodeDecodeError:
        return False
    return True


def _common_share(start: bytes) -> float:
    """Share of two-byte characters that lie in the rows of GB 2312 (both bytes from A1 on)."""
    common = total = position = 0
    while position < len(start) - 1:
        lead = start[position]
        if lead < 0x80:
            position += 1
            continue
        total += 1
        common += 0xA1 <= lead <= 0xF7 and start[position + 1] >= 0xA1
        position += 2
    return common / total if total else 0.0


def _valid_lines_share(start: bytes) -> float:
    """Share of the lines with foreign bytes that are valid UTF-8 all the same: a few broken rows do not make another encoding."""
    foreign = [line for line in start.split(b"\n")[:-1] if not line.isascii()]
    return sum(_decodes(line, "utf-8", False) for line in foreign) / len(foreign) if foreign else 0.0
