"""What gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heritage.settings")
application = get_wsgi_application()
# What is loaded stays: looking through it again would hold up a request now and then.
gc.collect()
gc.freeze()
