"""What Streamlit runs at every interaction."""

from dashboard.frame import run

run()
