"""An application's own middleware, which answers 401 before any view."""

from django.http import JsonResponse


class SignInMiddleware:
    """Wants an `Authorization` header for `/private`, and takes any."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path == "/private" and "Authorization" not in request.headers:
            return JsonResponse({"error": "sign in first"}, status=401)
        return self.get_response(request)
