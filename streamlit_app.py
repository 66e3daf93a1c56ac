"""The app: ``streamlit run streamlit_app.py``. Settings come from the environment (core/settings.py)."""

import streamlit as st

from dashboard import faults
from dashboard.web import server

app = st.App(
    server.SCRIPT,
    routes=server.routes(),
    middleware=server.middleware(),
    lifespan=server.lifespan,
    on_script_error=faults.show,
)
