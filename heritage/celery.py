"""The Celery application: ``celery -A heritage.celery worker``."""

import os

from celery import Celery
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heritage.settings")
app = Celery("heritage")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# A task's lines carry the id of the request that sent it.
app.steps["worker"].add(DjangoStructLogInitStep)
