"""An Airflow DAG for each JSON document in the folder ``configs``; see stockstream.airflow.loader.

Airflow looks for the words dag and airflow in a file before it reads it. What a DAG file imports of
Airflow by itself the DAG processor imports once, before it starts a process for each look at it.
"""

import airflow.providers.amazon.aws.operators.batch  # noqa: F401 - see above

from stockstream.airflow.loader import configs_folder, load_dags

globals().update(
    {
        f"dag_{number}": dag
        for number, dag in enumerate(load_dags(configs_folder(__file__)).values())
    }
)
