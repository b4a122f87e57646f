"""Tasks that start jobs: ``local`` as a process of the worker, ``batch`` on AWS Batch.

``work`` says what each kind of job is told and what becomes of its answer, wherever it runs.
``callbacks`` are the tasks without a job.
"""
