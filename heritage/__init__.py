"""The project: where the catalogue and the recogniser meet."""

# Celery's shared_task finds this application only if it exists before the first task.
from heritage.celery import app as celery_app

__all__ = ["celery_app"]
