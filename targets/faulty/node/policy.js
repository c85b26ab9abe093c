// The policy that a target is asked to hold to, where it is to listen, and what its routes answer.
"use strict";

const policy = JSON.parse(process.env.CORSPEC_POLICY || "{}");
const origins = [...(policy["allow-origins"] || []), ...(policy["allow-null-origin"] ? ["null"] : [])];
const escaped = (text) => text.replace(/[.+?^${}()|[\]\\/]/g, "\\$&");
const pattern = (origin) => new RegExp(`^${escaped(origin).replace(/\*/g, "[A-Za-z0-9.-]+")}$`);

// Origins as the middleware takes them: literal ones as text, those with a wildcard as expressions.
exports.origins = origins.map((origin) => (origin.includes("*.") ? pattern(origin) : origin));
exports.methods = policy["allow-methods"] || [];
exports.headers = policy["allow-headers"] || [];
exports.expose = policy["expose-headers"] || [];
exports.credentials = Boolean(policy["allow-credentials"]);
exports.maxAge = policy["max-age"];
exports.host = process.env.CORSPEC_HOST || "127.0.0.1";
exports.port = Number(process.env.CORSPEC_PORT || 8000);

const ready = (packages) => ({
  name: process.env.CORSPEC_TARGET,
  versions: Object.fromEntries(packages.map((name) => [name, require(`${name}/package.json`).version])),
});

// Status, headers and body for a request; `packages` are those whose versions are told.
exports.answer = ({ method, path, headers }, packages) => {
  const json = (status, body, more = {}) => ({ status, headers: more, body });
  const allowed = "authorization" in headers;
  const code = /^\/status\/(\d{3})$/.exec(path);
  if (code) return json(Number(code[1]), { status: Number(code[1]) });
  if (path === "/resource" && method !== "OPTIONS") return json(200, { ok: true }, { "X-Exposed": "1", "X-Hidden": "1" });
  if (path === "/private") return json(allowed ? 200 : 401, { private: allowed });
  if (path === "/cacheable") return json(200, { cacheable: true }, { "Cache-Control": "public, max-age=60" });
  if (path === "/.corspec") return json(200, ready(packages));
  return json(404, { missing: true });
};
