"""Litestar with its own CORS settings, as its documentation has them."""

from importlib.metadata import version

import policy
import uvicorn
from litestar import Litestar, Request, Response, get, head, route
from litestar.config.cors import CORSConfig

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@get("/.corspec")
async def ready() -> dict:
    names = ["litestar", "uvicorn"]
    return {"name": policy.TARGET, "versions": {name: version(name) for name in names}}


@route("/resource", http_method=METHODS, status_code=200)
async def resource() -> Response[dict]:
    return Response({"ok": True}, headers=policy.SHOWN)


@head("/resource", response_headers=policy.SHOWN)
async def resource_head() -> None:
    pass


@route("/status/{code:int}", http_method=METHODS, status_code=200)
async def status(code: int) -> Response[None]:
    return Response(None, status_code=code)


@get("/private")
async def private(request: Request) -> Response[dict]:
    allowed = "authorization" in request.headers
    return Response({"private": allowed}, status_code=200 if allowed else 401)


@get("/throws")
async def throws() -> dict:
    raise RuntimeError("the handler threw, as it was asked to")


@get("/vary")
async def vary() -> Response[dict]:
    return Response({"vary": True}, headers={"Vary": "Accept-Encoding"})


@get("/cacheable")
async def cacheable() -> Response[dict]:
    return Response({"cacheable": True}, headers={"Cache-Control": "public, max-age=60"})


app = Litestar(
    [ready, resource, resource_head, status, private, throws, vary, cacheable],
    cors_config=CORSConfig(
        allow_origins=policy.ORIGINS,
        allow_methods=policy.METHODS,
        allow_headers=policy.HEADERS,
        allow_credentials=policy.CREDENTIALS,
        expose_headers=policy.EXPOSE,
        max_age=policy.MAX_AGE,
    ),
)

if __name__ == "__main__":
    uvicorn.run(app, host=policy.HOST, port=policy.PORT, log_level="warning")
