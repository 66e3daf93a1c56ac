"""How much of a personal value is shown: enough to recognise one's own customer, too little to use it."""

import re

STAR = "*"
FEW = 4
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"\d(?:[ \-]?\d){5,}[Xx]?")
"""Six figures and more: telephones, identity cards, orders, accounts; single blanks and dashes may stand between."""
_PLACE = re.compile(
    r"[\u4e00-\u9fff]{1,16}?(?:大道|路|街|巷|弄|里|村|小区|花园|苑)\s*\d+\s*(?:号院?|弄|栋|幢|座|单元|室)(?:[\dA-Za-z\- ]*(?:号|弄|栋|幢|座|单元|楼|层|室))*"
)
"""A Chinese street with a number, and what stands behind it."""
_HANDLE = re.compile(r"(?i)((?:微信号?|威信|薇信|vx|wx|wechat|qq)\s*(?:号|是|id)?\s*[:：]?\s*)([a-z0-9_-]{5,})")


def masked(identity_type: str, value: str) -> str:
    """An identity with its middle hidden: ``138****8000``, ``l***@example.com``, ``oX7****q2``; a nickname as a name is: ``小*``."""
    if identity_type == "phone":
        return phone(value)
    if identity_type == "email":
        return email(value)
    if identity_type == "nickname":
        return name(value)
    return ends(value)


def phone(value: str) -> str:
    """First three and last four digits of a number of 11 or more; of a shorter one the last two."""
    if len(value) >= 11:
        return value[:3] + STAR * 4 + value[-4:]
    return _hidden(value, 0, 2)


def email(value: str) -> str:
    """First letter and domain. Without an @ it is masked like any identity."""
    name, at, domain = value.rpartition("@")
    return f"{name[:1]}{STAR * 3}@{domain}" if at and name else ends(value)


def name(value: str) -> str:
    """A Chinese name: the first character (``王*``, ``欧***``); others: the first letter of every word (``L** W***``)."""
    words = value.split()
    if any(letter > "\u2e7f" for letter in value):
        whole = "".join(words)
        return whole[:1] + STAR * max(len(whole) - 1, 1)
    return " ".join(word[:1] + STAR * max(len(word) - 1, 1) for word in words)


def words(text: str) -> str:
    """What somebody wrote, without what leads to a person: addresses of e-mail, numbers of six figures and more, WeChat and QQ names behind
    such a word are masked as identities are, streets with a number whole. Names of people stay: nothing tells them from other words."""
    text = _PLACE.sub(STAR * 4, text)
    text = _ADDRESS.sub(lambda found: email(found[0]), text)
    text = _NUMBER.sub(lambda found: phone(re.sub(r"[ \-]", "", found[0])), text)
    return _HANDLE.sub(lambda found: found[1] + (found[2] if STAR in found[2] else ends(found[2])), text)


def ends(value: str) -> str:
    """A quarter of the letters at either end, at most three, with four stars between; short values are hidden whole."""
    shown = min(len(value) // FEW, 3)
    return value[:shown] + STAR * 4 + value[len(value) - shown :]


def _hidden(value: str, first: int, last: int) -> str:
    if len(value) <= first + last:
        return STAR * 4
    return value[:first] + STAR * 4 + value[len(value) - last :]
