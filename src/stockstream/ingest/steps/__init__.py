"""The steps of the daily run for whoever calls them one by one: a state machine, a DAG.

``daily`` has the steps, ``answers`` reads what goes from one to the next and keeps it short.
"""
