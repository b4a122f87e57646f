"""THE broker: the one piece of code that fills orders, for every engine.

``records`` holds its state, ``fills`` turns orders into fills, ``bars`` walks a position through
a bar, ``orders`` takes orders in, ``rules`` turns signals into orders and runs whole backtests.
All of it is kernel code (see ``stockstream.jit``): interpreted for small runs, compiled for large
ones, with the same bits. ``docs/semantics.md`` states what it does, line by line.
"""
