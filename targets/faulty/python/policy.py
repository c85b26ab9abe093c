"""The policy that a target is asked to hold to, and where it is to listen."""

import json
import os

POLICY = json.loads(os.environ.get("CORSPEC_POLICY", "{}"))
TARGET = os.environ.get("CORSPEC_TARGET", "")
HOST = os.environ.get("CORSPEC_HOST", "127.0.0.1")
PORT = int(os.environ.get("CORSPEC_PORT", "8000"))

ORIGINS = POLICY.get("allow-origins", []) + (["null"] if POLICY.get("allow-null-origin") else [])
METHODS = POLICY.get("allow-methods", [])
HEADERS = POLICY.get("allow-headers", [])
EXPOSE = POLICY.get("expose-headers", [])
CREDENTIALS = POLICY.get("allow-credentials", False)
MAX_AGE = POLICY.get("max-age", 0)
SHOWN = {"X-Exposed": "1", "X-Hidden": "1"}
