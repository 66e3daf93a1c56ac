"""What links on the page of paths say in the address, beside the question: whose menu is open, who is listed, and what of a
node becomes part of the question."""

from html import escape
from urllib.parse import quote, urlencode

import streamlit as st

from dashboard import addresses
from dashboard.data.paths import View

NODE = "node"
"""Whose menu is open."""
WHO = "who"
"""Who is listed: a node, a whole path, or those who had sessions."""
START, HIDE = "set_start", "exclude"
"""A node that shall start the path, or be left out. They leave the address as soon as that is done."""
SESSIONS = "sessions"
_PASSING = (NODE, WHO, START, HIDE)


def address() -> str:
    """The page as it is with nothing open, ready to be followed by what a link says (see ``to``)."""
    return addresses.beside(*_PASSING)


def to(address: str, **said: str) -> str:
    """A link as HTML has it, which ``chrome.js`` follows without loading the page anew."""
    return escape(f"?{address}{urlencode(said)}" if said else f"?{address.removesuffix('&')}")


def path_text(view: View, nodes: tuple[int, ...]) -> str:
    """A whole path in the address."""
    return "path:" + "|".join(quote(view.name(code), safe=":<>") for code in nodes)


def opened(view: View) -> str:
    """The node whose menu is open; nothing where none is. What this answer does not have is told as unread."""
    text = st.query_params.get(NODE, "")
    if text and text not in view.places:
        addresses.leave_out(NODE, text)
        close()
        return ""
    return text


def close() -> None:
    st.query_params.pop(NODE, None)
