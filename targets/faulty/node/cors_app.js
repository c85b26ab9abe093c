// A plain Node server with the middleware `cors`, as its documentation has it.
"use strict";

const http = require("node:http");
const cors = require("cors");
const policy = require("./policy.js");

const middleware = cors({
  origin: policy.origins.length === 1 ? policy.origins[0] : policy.origins,
  methods: policy.methods,
  allowedHeaders: policy.headers,
  exposedHeaders: policy.expose,
  credentials: policy.credentials,
  maxAge: policy.maxAge,
});

const server = http.createServer((request, response) => {
  middleware(request, response, () => {
    const [path] = request.url.split("?");
    const { status, headers, body } = policy.answer({ method: request.method, path, headers: request.headers }, ["cors"]);
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  });
});
server.listen(policy.port, policy.host);
