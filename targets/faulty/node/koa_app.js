// Koa with the middleware `@koa/cors`, as its documentation has it.
"use strict";

const Koa = require("koa");
const cors = require("@koa/cors");
const policy = require("./policy.js");

const fits = (origin) => policy.origins.some((it) => (it instanceof RegExp ? it.test(origin) : it === origin));
const app = new Koa();
app.silent = true;
app.use(
  cors({
    origin: policy.origins.includes("*") ? "*" : (ctx) => (fits(ctx.get("Origin")) ? ctx.get("Origin") : ""),
    allowMethods: policy.methods,
    allowHeaders: policy.headers,
    exposeHeaders: policy.expose,
    credentials: policy.credentials,
    maxAge: policy.maxAge,
  }),
);
app.use((ctx) => {
  if (ctx.path === "/throws") throw new Error("on purpose");
  const { status, headers, body } = policy.answer(ctx, ["koa", "@koa/cors"]);
  ctx.set(headers);
  ctx.status = status;
  ctx.body = body;
});
app.listen(policy.port, policy.host);
