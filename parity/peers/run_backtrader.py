"""backtrader: whole shares sized at the close, filled at the next open, refused if too dear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import backtrader as bt
import pandas as pd

from parity.peers.exchange import CAPITAL, FEE, Result, serve

if TYPE_CHECKING:
    from parity.peers.exchange import Bars


class Signals(bt.Strategy):  # type: ignore[misc]
    """Target weights by the signals of a case."""

    params = (("bars", None), ("weight", 1.0))

    def __init__(self) -> None:
        self.fills: list[tuple[int, int, float, float]] = []
        self.refused = 0
        self.opened = 0

    def next(self) -> None:
        t = len(self.datas[0]) - 1
        for s, data in enumerate(self.datas):
            held = self.getposition(data).size
            if self.p.bars.enter[t, s] and not held:
                self.order_target_percent(data, self.p.weight / len(self.datas))
            elif self.p.bars.leave[t, s] and held:
                self.close(data)

    def notify_order(self, order: bt.Order) -> None:
        if order.status == order.Completed:
            s = self.datas.index(order.data)
            size, price = order.executed.size, order.executed.price
            self.fills.append((len(self.datas[0]) - 1, s, float(size), float(price)))
        elif order.status == order.Margin:
            self.refused += 1

    def notify_trade(self, trade: bt.Trade) -> None:
        self.opened += trade.justopened


def run(setup: str, weight: float, bars: Bars) -> Result:
    """One account over all symbols of a case."""
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.broker.setcash(CAPITAL)
    cerebro.broker.setcommission(FEE)
    days = pd.bdate_range("2000-01-03", periods=len(bars.close))
    for s in range(bars.close.shape[1]):
        columns = {name: getattr(bars, name)[:, s] for name in ("open", "high", "low", "close")}
        cerebro.adddata(bt.feeds.PandasData(dataname=pd.DataFrame(columns, days), volume=None))
    cerebro.addstrategy(Signals, bars=bars, weight=weight)
    (done,) = cerebro.run()
    return Result(float(cerebro.broker.getvalue()), done.fills, done.opened, done.refused)


if __name__ == "__main__":
    serve(run)
