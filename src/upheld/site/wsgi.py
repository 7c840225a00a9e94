"""What granian serves: one site, named by `DJANGO_SETTINGS_MODULE`, as a WSGI application."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
