"""The web page: create, deploy, trigger, monitor, believe.

Pages read state (the ledger of runs, the lake, what a service said last) and write intents.
Whatever takes longer than a page may take is done by a process of its own, which outlives the page
and its server. A page that is loaded again shows the same thing: its address says what it shows.
"""
