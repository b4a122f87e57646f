"""Jobs: what Airflow, AWS Batch and people start, ``python -m stockstream.runners.jobs ACTION``.

A job is a process of an interpreter, or a container, that has the engine. All that it is told
stands in its environment, and all that it leaves are files beside the lake. ``names`` has what both
sides call these, and needs nothing but the standard library.
"""
