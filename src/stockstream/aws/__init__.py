"""The pipeline and the backtests in one's own AWS account, by the functions that run on a laptop.

``functions`` lists what is deployed, ``handlers`` holds its entry points, ``machines`` the state
machines, ``deploy`` drives Terraform, ``local`` rehearses all of it on one machine.
"""
