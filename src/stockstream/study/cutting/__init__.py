"""How a study cuts its data: the ways (``splits``), their text, and the pieces that come out."""
