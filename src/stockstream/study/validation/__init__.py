"""What pieces say together: joined accounts, walk-forward, cross-validation, decay."""
