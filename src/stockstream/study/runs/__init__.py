"""Runs on disk: chunk files, the ledger of who works on what, workers that outlive a terminal.

``store`` keeps results, ``ledger`` the leases, ``worker`` takes chunks and runs them, ``detached``
starts workers, ``pinned`` holds a lake at a study's version, ``run_status`` says how far a run is.
"""
