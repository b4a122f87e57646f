"""One strategy over one panel: the configuration, the broker, two engines, the result.

``broker/`` fills orders, and nothing else does; ``event`` and ``compiled`` are the only modules
that may import it (an import contract). ``config`` needs nothing beyond pydantic.
"""
