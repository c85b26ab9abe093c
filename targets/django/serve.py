"""Checks the settings as `manage.py check` does, then becomes gunicorn.

Ends with status 78, and the library's own words, when its system checks reject the policy.
"""

import os
import sys

import django
from django.core import checks

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()
errors = [found for found in checks.run_checks() if found.is_serious()]
if errors:
    print("\n".join(str(found) for found in errors), file=sys.stderr, flush=True)
    sys.exit(78)

address = f"{os.environ['CORSPEC_HOST']}:{os.environ['CORSPEC_PORT']}"
gunicorn = [sys.executable, "-m", "gunicorn", "--bind", address, "--workers", "1"]
# Threads keep connections alive: the default worker closes each.
gunicorn += ["--worker-class", "gthread", "--threads", "8", "--no-control-socket", "wsgi:application"]
os.execv(sys.executable, gunicorn)
