"""An Airflow DAG for each JSON document in the folder ``configs``; see stockstream.airflow.loader.

Airflow looks for the words dag and airflow in a file before it reads it. What a DAG file imports of
Airflow by itself the DAG processor imports once, before it starts a process for each look at it.
"""

from pathlib import Path

import airflow.providers.amazon.aws.operators.batch  # noqa: F401 - see above

import stockstream

deployed = Path(__file__).parents[1] / "stockstream" / "__init__.py"
if deployed.is_file() and not deployed.samefile(stockstream.__file__):
    raise ImportError(
        "stockstream is installed in the Python of this Airflow, and that copy wins over what was "
        f"deployed: uninstall it there ({Path(stockstream.__file__).parent}) and start Airflow "
        "again; jobs find the engine by the Airflow Variable stockstream_python"
    )

from stockstream.airflow.loader import configs_folder, load_dags  # noqa: E402 - of the right copy

globals().update(
    {
        f"dag_{number}": dag
        for number, dag in enumerate(load_dags(configs_folder(__file__)).values())
    }
)
