"""The two state machines, as values: built here, committed as JSON, deployed by Terraform.

``MACHINES`` holds them by name. ``machine_text`` is the JSON that ``scripts/make_cloud_files.py``
writes into ``infra/terraform``; it has places to fill, which ``render`` fills as Terraform does.
``states`` builds the states that both are made of.
"""

from stockstream.aws.machines.document import MACHINES, Machine, machine_text, render

__all__ = ["MACHINES", "Machine", "machine_text", "render"]
