"""THE broker: the one piece of code that fills orders, for every engine.

``records`` holds its state and ``terms`` what trading costs. ``rules`` turns signals into orders
and runs whole backtests, ``orders`` takes orders in, ``bars`` walks the account through a bar.
There ``triggers`` says which orders fill, ``matching`` fills them, ``closing`` leaves what has to
be left (``brackets``), ``actions`` turns shares and pays dividends. ``fills`` keeps the books of
each fill, with ``fees`` and ``pricing``.
All of it is kernel code (see ``stockstream.jit``): interpreted for small runs, compiled for large
ones, with the same bits. ``docs/semantics.md`` states what it does, line by line.
"""
