"""The app as it is, with one more page that shows one line: what gate, navigation and frame cost by themselves."""

from pathlib import Path

import streamlit as st

from dashboard import faults, i18n, pages
from dashboard.web import server

# Pages are the modules of one package, and a package may lie in more than one folder.
pages.__path__.append(str(Path(__file__).parent / "pages"))
for _language in i18n.LANGUAGES:
    i18n.catalogue(_language)["bare.title"] = "bare"  # type: ignore[index]

app = st.App(
    server.SCRIPT,
    routes=server.routes(),
    middleware=server.middleware(),
    lifespan=server.lifespan,
    on_script_error=faults.show,
)
