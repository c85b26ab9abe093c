"""The routes that every target serves, and the readiness answer."""

import platform
import re
from datetime import datetime, timezone
from importlib.metadata import version

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_http_methods, require_safe
from django.views.decorators.vary import vary_on_cookie

ALPHABET = b"abcdefghijklmnopqrstuvwxyz"
MODIFIED = datetime(2026, 11, 1, tzinfo=timezone.utc)


def ready(request):
    names = ["django", "django-cors-headers", "gunicorn"]
    versions = {name: version(name) for name in names}
    return JsonResponse({"name": settings.TARGET, "versions": versions | {"python": platform.python_version()}})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def resource(request):
    return JsonResponse({"ok": True}, headers={"X-Exposed": "1", "X-Hidden": "1"})


@csrf_exempt
def status(request, code):
    return JsonResponse({"status": code}, status=code)


@csrf_exempt
def private(request):
    return JsonResponse({"private": True})


@csrf_exempt
@vary_on_cookie
def session(request):
    if "session" in request.COOKIES:
        return JsonResponse({"session": True})
    response = JsonResponse({"session": False}, status=401)
    # What a page of another site needs its session cookie to be.
    response.set_cookie("session", "1", samesite="None", secure=True, httponly=True)
    return response


def throws(request):
    raise RuntimeError("the view threw, as it was asked to")


@csrf_exempt
def redirect(request):
    return HttpResponseRedirect(request.GET["to"])


@csrf_exempt
def slash(request):
    return JsonResponse({"slash": True})


@csrf_exempt
def vary(request):
    return JsonResponse({"vary": True}, headers={"Vary": "Accept-Encoding"})


@csrf_exempt
def cacheable(request):
    return JsonResponse({"cacheable": True}, headers={"Cache-Control": "public, max-age=60"})


@require_safe
@condition(etag_func=lambda request: '"alphabet"', last_modified_func=lambda request: MODIFIED)
def document(request):
    part = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
    headers = {"Accept-Ranges": "bytes"}
    if not part or request.method != "GET":
        return HttpResponse(ALPHABET, content_type="text/plain", headers=headers)
    first, size = int(part[1]), len(ALPHABET)
    last = min(int(part[2] or size), size - 1)
    if first >= size:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return HttpResponse(ALPHABET[first : last + 1], content_type="text/plain", status=206, headers=headers)


@csrf_exempt
def options(request):
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={"Allow": "GET, HEAD, OPTIONS", "X-Own-Options": "1"})
    return JsonResponse({"options": True})


urlpatterns = [
    path(".corspec", ready),
    path("resource", resource),
    path("status/<int:code>", status),
    path("private", private),
    path("session", session),
    path("throws", throws),
    path("redirect", redirect),
    path("slash/", slash),
    path("vary", vary),
    path("cacheable", cacheable),
    path("document", document),
    path("options", options),
]
