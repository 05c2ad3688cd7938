"""The Celery application: ``celery -A heritage.celery worker``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heritage.settings")
app = Celery("heritage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
