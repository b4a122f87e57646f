"""The Airflow DAG of `stockstream sweep --runner airflow`; see stockstream.airflow.sweep.

Airflow looks for the words dag and airflow in a file before it reads it.
"""

from stockstream.airflow.sweep import create_sweep_dag

dag = create_sweep_dag()
