"""The tabs of the page about the lake."""
