"""Plotly figures from plain arrays, the same for the tear sheet and the web app.

Every figure is transparent and carries no colour outside ``theme``, so it sits on any page. Lines
are thinned to ``thinning.MAX_POINTS``. Names from outside (symbols, strategies, parameters) are
escaped, because plotly reads a part of HTML in every text. Plotly is imported when a chart is
drawn.
"""

from stockstream.report.charts.comparison import correlation_heat_map, growth_chart
from stockstream.report.charts.contribution import contribution_chart
from stockstream.report.charts.coverage import presence_map
from stockstream.report.charts.equity import Curve, equity_chart
from stockstream.report.charts.excursions import excursion_chart, holding_chart
from stockstream.report.charts.market import Bars, Event, Line, market_chart
from stockstream.report.charts.months import monthly_heat_map
from stockstream.report.charts.parameters import parameter_heat_map
from stockstream.report.charts.prices import Marks, price_chart
from stockstream.report.charts.risk import exposure_chart, rolling_chart
from stockstream.report.charts.robustness import cost_chart, fan_chart
from stockstream.report.charts.trades import trade_chart

__all__ = [
    "Bars",
    "Curve",
    "Event",
    "Line",
    "Marks",
    "contribution_chart",
    "correlation_heat_map",
    "cost_chart",
    "equity_chart",
    "excursion_chart",
    "exposure_chart",
    "fan_chart",
    "growth_chart",
    "holding_chart",
    "market_chart",
    "monthly_heat_map",
    "parameter_heat_map",
    "presence_map",
    "price_chart",
    "rolling_chart",
    "trade_chart",
]
