"""Text from data inside Streamlit's Markdown: shown as it is, never as a link, an image or HTML."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~:$&])")


def escaped(text: object) -> str:
    """The text with every character that Markdown gives a meaning put out of action."""
    return _SPECIAL.sub(r"\\\1", str(text)).replace("\n", " ")
