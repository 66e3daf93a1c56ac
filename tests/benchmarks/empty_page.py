"""An app with nothing in it, tuned like ours: what Streamlit itself costs per rerun."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st


@asynccontextmanager
async def _lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    gc.collect()
    gc.freeze()
    yield {}


app = st.App(Path(__file__).with_name("empty_script.py"), lifespan=_lifespan)
