"""The settings of all Django targets: those of a small JSON API, and CORS as CORSPEC_POLICY asks."""

import json
import os
import re

POLICY = json.loads(os.environ.get("CORSPEC_POLICY", "{}"))
TARGET = os.environ.get("CORSPEC_TARGET", "django-cors-headers")

SECRET_KEY = "corspec-tests-a-public-secret-of-no-worth-0123456789"
ALLOWED_HOSTS = ["*"]
DEBUG = False
ROOT_URLCONF = "urls"
USE_TZ = True

CORS_MIDDLEWARE = "corsheaders.middleware.CorsMiddleware"
COMMON_MIDDLEWARE = "django.middleware.common.CommonMiddleware"
SIGN_IN_MIDDLEWARE = "sign_in.SignInMiddleware"

if TARGET == "django-manual-headers":
    INSTALLED_APPS = []
    MIDDLEWARE = [COMMON_MIDDLEWARE, SIGN_IN_MIDDLEWARE, "manual.ManualHeadersMiddleware"]
elif TARGET == "django-late-middleware":
    INSTALLED_APPS = ["corsheaders"]
    MIDDLEWARE = [COMMON_MIDDLEWARE, SIGN_IN_MIDDLEWARE, CORS_MIDDLEWARE]
else:
    INSTALLED_APPS = ["corsheaders"]
    MIDDLEWARE = [CORS_MIDDLEWARE, COMMON_MIDDLEWARE, SIGN_IN_MIDDLEWARE]


def _pattern(origin):
    """The anchored regex of an origin whose host starts with `*.`."""
    return "^" + re.escape(origin).replace(r"\*", r"[A-Za-z0-9.-]+", 1) + r"\Z"


_origins = POLICY.get("allow-origins", [])
CORS_ALLOW_ALL_ORIGINS = "*" in _origins
CORS_ALLOWED_ORIGINS = [origin for origin in _origins if "*" not in origin]
if POLICY.get("allow-null-origin"):
    CORS_ALLOWED_ORIGINS.append("null")
CORS_ALLOWED_ORIGIN_REGEXES = [_pattern(it) for it in _origins if "*" in it and it != "*"]
CORS_ALLOW_METHODS = POLICY.get("allow-methods", [])
CORS_ALLOW_HEADERS = POLICY.get("allow-headers", [])
CORS_ALLOW_CREDENTIALS = POLICY.get("allow-credentials", False)
CORS_EXPOSE_HEADERS = POLICY.get("expose-headers", [])
# Without a max-age the policy wants no header, which the library writes as 0.
CORS_PREFLIGHT_MAX_AGE = POLICY.get("max-age") or 0
