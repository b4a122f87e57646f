"""An Airflow, as seen from this machine: its REST API, what is deployed to it, studies on it."""
