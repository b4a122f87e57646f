"""Studies on a Ray cluster: one that exists, or one that is started on this machine for a sweep.

A driver, a process without a terminal, hands the chunks of an attempt to the workers of the cluster
and leaves. The run is files beside the lake, as with every other runner.
"""
