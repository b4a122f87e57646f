"""Where bars come from. One module for each source; none knows the others."""
