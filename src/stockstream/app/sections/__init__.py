"""The four sections of the page that makes a run."""
