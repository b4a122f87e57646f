"""The nodes of a cluster: whether each of them can do the work, and their processors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import CloudError, ConfigError
from stockstream.runners.cluster import work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stockstream.runners.cluster.work import Order

__all__ = ["demand_able_nodes", "processors", "tidy_nodes"]

PATIENCE: Final = 120.0
"""Seconds that a node has to start a worker and to answer."""

SHOWN: Final = 3


def processors() -> float:
    """Processors of all living nodes together."""
    import ray

    return float(ray.cluster_resources().get("CPU", 0.0))


def demand_able_nodes(order: Order) -> None:
    """Refuse a cluster with a node that cannot work on an order, before anything is run.

    Raises:
        ConfigError: a node has other code, or does not see the run.
        CloudError: there is no node with a processor, or one does not answer.
    """
    import ray

    asked = {answer: name for name, answer in _on_each(_visitor(order))}
    if not asked:
        raise CloudError(
            "no node of the cluster has a processor: add some with `ray start --address HOST:PORT`"
        )
    done, late = ray.wait(list(asked), num_returns=len(asked), timeout=PATIENCE)
    if late:
        raise CloudError(
            f"{_named(asked[one] for one in late)} did not start a worker within {PATIENCE:g} s: "
            "look at its logs (/tmp/ray/session_latest/logs), or take it out of the cluster"
        )
    said = {asked[one]: _answer(one) for one in done}
    troubles = {name: why for name, why in said.items() if why}
    if troubles:
        why = next(iter(troubles.values()))
        raise ConfigError(
            f"{_named(troubles)} cannot work on {order.run}: {why}. Every node needs the same "
            "stockstream, and has to see the lake under the same name (S3, or storage that all of "
            "them share)"
        )


def tidy_nodes(order: Order) -> None:
    """Remove what the workers of an order shared; nodes that do not answer are left alone."""
    import ray

    answers = [answer for _, answer in _on_each(work.tidy, order)]
    ray.wait(answers, num_returns=len(answers), timeout=PATIENCE)


def _visitor(order: Order) -> Callable[[], str]:
    def look_around() -> str:
        # sent as it stands, so that a node without stockstream can say so
        try:
            from stockstream.runners.cluster.work import Order, visit
        except ImportError as error:
            return f"stockstream cannot be imported there ({error})"
        return visit(Order(*given))

    given = tuple(order)
    return look_around


def _on_each(function: Callable[..., Any], *given: Any) -> Iterator[tuple[str, Any]]:
    """Call a function on every node that has a processor: its address, and the answer to come."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    for node in ray.nodes():
        if node["Alive"] and node["Resources"].get("CPU", 0.0) > 0.0:
            there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            task = ray.remote(function).options(
                num_cpus=0, max_retries=0, scheduling_strategy=there
            )
            yield str(node["NodeManagerAddress"]), task.remote(*given)


def _answer(one: Any) -> str:
    import ray

    try:
        return str(ray.get(one))
    except Exception as error:  # noqa: BLE001 - whatever keeps a node from answering
        return " ".join(str(error).split())[:500]


def _named(names: Any) -> str:
    every = sorted(set(names))
    more = f" and {len(every) - SHOWN} more" if len(every) > SHOWN else ""
    return f"node{'s' * (len(every) > 1)} {', '.join(every[:SHOWN])}{more}"
