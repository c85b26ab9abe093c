"""Flask with Flask-CORS, as its documentation has it."""

import collections
import collections.abc
import os
import sys
from importlib.metadata import version

import policy
from flask import Flask, jsonify, request

# What Python had moved when the old version was written.
collections.Iterable = collections.abc.Iterable
from flask_cors import CORS  # noqa: E402

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
OWN, EVERYBODY = {"origins": policy.ORIGINS}, {"origins": "*"}
# Paths that hold to the policy, among others that everybody may read.
BY_PATH = {
    r"/no-such-path\+.*": OWN,
    r"/no-such-.*": EVERYBODY,
    r"/cacheable": OWN,
    r"/[a-z]+able(/.*)?": EVERYBODY,
    r"/STATUS/.*": EVERYBODY,
    r"/status/.*": OWN,
    r"/.*": OWN,
}
app = Flask(__name__)
CORS(
    app,
    resources=BY_PATH if "CORS_BY_PATH" in os.environ else r"/*",
    origins=policy.ORIGINS,
    methods=policy.METHODS,
    allow_headers=policy.HEADERS,
    expose_headers=policy.EXPOSE,
    supports_credentials=policy.CREDENTIALS,
    max_age=policy.MAX_AGE,
)


@app.get("/.corspec")
def ready():
    names = ["flask", "flask-cors", "gunicorn"]
    return jsonify(name=policy.TARGET, versions={name: version(name) for name in names})


@app.route("/resource", methods=METHODS)
def resource():
    return jsonify(ok=True), policy.SHOWN


@app.route("/status/<int:code>", methods=METHODS)
def status(code):
    return jsonify(status=code), code


@app.get("/private")
def private():
    allowed = "Authorization" in request.headers
    return jsonify(private=allowed), 200 if allowed else 401


@app.get("/throws")
def throws():
    raise RuntimeError("the view threw, as it was asked to")


@app.get("/vary")
def vary():
    return jsonify(vary=True), {"Vary": "Accept-Encoding"}


@app.get("/cacheable")
def cacheable():
    return jsonify(cacheable=True), {"Cache-Control": "public, max-age=60"}


if __name__ == "__main__":
    gunicorn = [sys.executable, "-m", "gunicorn", "--bind", f"{policy.HOST}:{policy.PORT}"]
    gunicorn += ["--worker-class", "gthread", "--threads", "8", "flask_app:app"]
    os.execv(sys.executable, gunicorn)
