"""What Streamlit runs; in a folder of its own, for it would run those of ``pages`` beside it."""
