"""The entry points of the cloud functions: each calls what the laptop calls.

Every one is a function ``(event, context)`` that takes and returns JSON values. A bad event is a
:class:`~stockstream.errors.ConfigError`; whatever else goes wrong goes out as it is, so that the
state machine may try again. Heavy imports stand inside the functions: a small one starts fast.
"""
