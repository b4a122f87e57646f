"""Runs on disk and in buckets: chunk files, who works on what, workers that outlive a terminal.

``file_store`` is what a run is below a folder or URL; ``store`` keeps it on this machine and
``bucket_store`` in a bucket. On this machine ``ledger`` has the leases, ``worker`` takes chunks and
runs them, ``detached`` starts workers; in the cloud ``plans`` has the work of an attempt, and
``items`` runs it. ``pinned`` holds a lake at a study's version, ``blame`` finds the trial at which
a chunk fails, ``run_status`` says how far a run is.
"""
