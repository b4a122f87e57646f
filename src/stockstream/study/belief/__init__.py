"""How far the best of a study can be believed.

``moments`` is what it is judged by, ``evidence`` the parts of a judgement, ``plateau`` a point
beside its neighbours, ``belief`` puts them together, ``verdict`` says it in words.
"""
