"""Starlette with its CORSMiddleware, as its documentation has it."""

import re
from importlib.metadata import version

import policy
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


async def ready(request):
    names = ["starlette", "uvicorn"]
    versions = {name: version(name) for name in names}
    return JSONResponse({"name": policy.TARGET, "versions": versions})


async def resource(request):
    return JSONResponse({"ok": True}, headers=policy.SHOWN)


async def status(request):
    return Response(status_code=request.path_params["code"])


async def private(request):
    allowed = "authorization" in request.headers
    return JSONResponse({"private": allowed}, status_code=200 if allowed else 401)


async def session(request):
    if "session" in request.cookies:
        return JSONResponse({"session": True})
    cookie = {"Set-Cookie": "session=1; Path=/; Secure; HttpOnly; SameSite=None"}
    return JSONResponse({"session": False}, status_code=401, headers=cookie)


async def vary(request):
    return JSONResponse({"vary": True}, headers={"Vary": "Accept-Encoding"})


async def cacheable(request):
    return JSONResponse({"cacheable": True}, headers={"Cache-Control": "public, max-age=60"})


patterns = [it for it in policy.ORIGINS if "*." in it]
expression = "|".join(re.escape(it).replace(r"\*", "[A-Za-z0-9.-]+") for it in patterns)
cors = Middleware(
    CORSMiddleware,
    allow_origins=[it for it in policy.ORIGINS if "*." not in it],
    allow_origin_regex=expression or None,
    allow_methods=policy.METHODS,
    allow_headers=policy.HEADERS,
    allow_credentials=policy.CREDENTIALS,
    expose_headers=policy.EXPOSE,
    max_age=policy.MAX_AGE,
)
app = Starlette(
    routes=[
        Route("/.corspec", ready),
        Route("/resource", resource, methods=METHODS),
        Route("/status/{code:int}", status, methods=METHODS),
        Route("/private", private),
        Route("/session", session),
        Route("/vary", vary),
        Route("/cacheable", cacheable),
    ],
    middleware=[cors],
)

if __name__ == "__main__":
    uvicorn.run(app, host=policy.HOST, port=policy.PORT, log_level="warning")
