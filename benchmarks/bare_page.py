"""What Streamlit itself takes: a page with a title, and one that runs again each second."""

import streamlit as st

st.title("Bare")


@st.fragment(run_every=1.0 if "live" in st.query_params else None)
def show() -> None:
    """The least that a page shows."""
    st.write("nothing")


show()
