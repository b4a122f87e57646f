"""Looking after a lake: verify, repair, vacuum, restore. None of them rewrites a version."""
