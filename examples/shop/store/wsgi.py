"""What granian serves as the shop."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.shop.store.settings")
application = get_wsgi_application()
