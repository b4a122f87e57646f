"""What a person looks at: charts and the self-contained tear sheet.

`charts` draws from plain arrays and is shared with the web app; `tearsheet` lays a whole
backtest out on one HTML page; `theme` holds every colour of both.
"""
