"""CORS by hand, as the quick fix that is found on the web: headers added to what the views answer.

Nothing here answers the preflight's OPTIONS, sets `Vary`, or reaches an answer that is not a
view's: that is what this target shows.
"""

from django.conf import settings


class ManualHeadersMiddleware:
    """Adds the policy's headers to what views answer to an origin that the policy names."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        response = view(request, *args, **kwargs)
        origin = request.headers.get("Origin")
        if settings.CORS_ALLOW_ALL_ORIGINS:
            response["Access-Control-Allow-Origin"] = "*"
        elif origin in settings.CORS_ALLOWED_ORIGINS:
            response["Access-Control-Allow-Origin"] = origin
        if settings.CORS_ALLOW_CREDENTIALS:
            response["Access-Control-Allow-Credentials"] = "true"
        if settings.CORS_EXPOSE_HEADERS:
            response["Access-Control-Expose-Headers"] = ", ".join(settings.CORS_EXPOSE_HEADERS)
        return response
