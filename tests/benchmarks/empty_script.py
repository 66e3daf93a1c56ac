import streamlit as st

st.markdown("empty")
