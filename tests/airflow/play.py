"""Run by the Python of an Airflow: ``play.py DAG_ID OUT [CONF]``, a run of a DAG of the folder.

Writes what came of it as JSON: the state of the run, and of each task its state, tries, label and
what it returned.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(dag_id: str, out: str, conf: str = "{}") -> None:
    """Run a DAG as ``dag.test()`` does and write what it did."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models.dagbag import DagBag

    bag = DagBag()
    if bag.import_errors:
        sys.exit(f"import errors: {bag.import_errors}")
    if hasattr(bag, "sync_to_db"):
        publish(bag)
    run = bag.dags[dag_id].test(run_conf=json.loads(conf))
    tasks = {_name(ti): _told(ti) for ti in run.get_task_instances()}
    found = {"state": str(run.state), "run_id": run.run_id, "tasks": tasks}
    Path(out).write_text(json.dumps(found), encoding="utf-8")


def publish(bag: Any) -> None:
    """Make assets known, as the scheduler of the older Airflow does; the newer does it itself."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.models.asset import AssetActive, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    DagBundlesManager().sync_bundles_to_db()
    bag.sync_to_db("dags-folder", None)
    with create_session() as session:
        known = {active.name for active in session.scalars(select(AssetActive))}
        for asset in session.scalars(select(AssetModel)):
            if asset.name not in known:
                session.add(AssetActive.for_asset(asset))


def _name(ti: Any) -> str:
    return ti.task_id if ti.map_index < 0 else f"{ti.task_id}_{ti.map_index}"


def _told(ti: Any) -> dict[str, Any]:
    value = ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index, run_id=ti.run_id)
    return {
        "state": str(ti.state),
        "tries": ti.try_number,
        "label": ti.rendered_map_index,
        "returned": value
        if value is None or isinstance(value, (str, int, float, dict, list))
        else str(value),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
