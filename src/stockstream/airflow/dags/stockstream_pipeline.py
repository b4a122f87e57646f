"""The Airflow DAG of the daily run; see stockstream.airflow.pipeline.

Airflow looks for the words dag and airflow in a file before it reads it.
"""

from stockstream.airflow.pipeline import create_pipeline_dag

dag = create_pipeline_dag()
