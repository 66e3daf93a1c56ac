"""What a person sees when something went wrong: what, why, what to do, in the own language, with a code. Never a
traceback.
"""

import logging
import secrets

import streamlit as st

from core.errors import Refusal
from dashboard import i18n, markdown

_LOG = logging.getLogger(__name__)


def show(error: Exception) -> bool:
    """Shows any error that a page let through. Refusals are told as they are; everything else is logged under a
    number.
    """
    if isinstance(error, Refusal):
        st.error(
            f"{markdown.escaped(i18n.refusal(error))} :gray-badge[{markdown.escaped(error.code)}]",
            icon=":material/info:",
        )
        return True
    number = secrets.token_hex(4)
    _LOG.error("Fault %s", number, exc_info=error)
    st.error(i18n.t("error.fault", number=number), icon=":material/error:")
    return True
