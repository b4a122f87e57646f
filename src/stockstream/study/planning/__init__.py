"""What points would do: rules written once for many of them, and the columns that these read."""
