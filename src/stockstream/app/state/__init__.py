"""What pages show: read again for each page, changed by nobody here."""
