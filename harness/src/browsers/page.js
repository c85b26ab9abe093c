// What a page of corspec does: it performs the fetches that it is told to by a message, and answers
// with what it saw. Without a browser's driver it works the same: post {"run": cases} to the window.
"use strict";

const OPAQUE = location.pathname.endsWith("/opaque");
// So many cases are under way at once; a case's own steps follow one another.
const LANES = 6;

async function perform(cases) {
  const views = {};
  let next = 0;
  const lane = async () => {
    while (next < cases.length) {
      const { id, steps } = cases[next++];
      views[id] = [];
      for (const step of steps) {
        if (step.wait) await pause(step.wait);
        views[id].push(await patiently(step));
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return views;
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// A fetch that a prompt holds up would hold up everything.
const patiently = (step) =>
  Promise.race([
    step.upload ? viaXhr(step) : viaFetch(step),
    pause(step.patience).then(() => ({ hung: true })),
  ]);

function bodyOf({ body, type }) {
  if (body === null || type === null) return body;
  return new Blob([body], { type });
}

async function viaFetch(step) {
  let request;
  try {
    const body = bodyOf(step);
    request = new Request(step.url, body === null ? step.init : { ...step.init, body });
  } catch (error) {
    return { rejected: error.name };
  }
  try {
    const response = await fetch(request);
    return {
      type: response.type,
      status: response.status,
      url: response.url,
      redirected: response.redirected,
      headers: [...response.headers],
      body: latin1(await response.arrayBuffer()),
    };
  } catch (error) {
    return { error: error.name };
  }
}

// Listeners for an upload's progress are what asks for a preflight in any case.
function viaXhr(step) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", () => {});
    try {
      request.open(step.init.method, step.url);
      for (const [name, value] of step.init.headers) request.setRequestHeader(name, value);
    } catch {
      // It has names of its own for what fetch() rejects.
      resolve({ rejected: "TypeError" });
      return;
    }
    request.responseType = "arraybuffer";
    request.withCredentials = step.init.credentials === "include";
    request.onerror = () => resolve({ error: "TypeError" });
    request.onload = () =>
      resolve({
        status: request.status,
        url: request.responseURL,
        headers: lines(request.getAllResponseHeaders()),
        body: latin1(request.response),
      });
    request.send(bodyOf(step));
  });
}

function lines(text) {
  const split = (line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)];
  return text.split("\r\n").filter(Boolean).map(split);
}

function latin1(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
}

function sandboxed() {
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-scripts";
  frame.srcdoc = `<script>${document.currentScript.textContent}</scr` + `ipt>`;
  document.addEventListener("DOMContentLoaded", () => document.body.append(frame));
  return frame;
}

const frame = OPAQUE ? sandboxed() : null;

// Who has this page in a frame or a window; itself, where nobody has.
const above = opener ?? parent;

// Has a window for each page, in which the steps of a case are done at the same time.
async function visit(pages, cases) {
  const windows = Object.fromEntries(pages.map((page) => [page, open(page)]));
  if (Object.values(windows).includes(null)) return { trouble: "no window can be opened", origins: {} };
  await Promise.all(pages.map((page) => said(windows[page], ({ ready }) => ready)));
  const origins = {};
  const views = {};
  for (const { id, steps } of cases) {
    const visits = steps.map(async ({ page, step }, index) => {
      const visitor = `${id}/${index}`;
      const answer = said(windows[page], ({ views }) => views && visitor in views);
      windows[page].postMessage(JSON.stringify({ run: [{ id: visitor, steps: [step] }] }), "*");
      const { origin, views } = await answer;
      origins[page] = origin;
      return views[visitor][0];
    });
    views[id] = await Promise.all(visits);
  }
  for (const page of pages) windows[page].close();
  return { origins, views };
}

// The next message of a window that `is` what is awaited.
function said(window, is) {
  return new Promise((resolve) => {
    const listener = ({ source, data }) => {
      const message = JSON.parse(data);
      if (source !== window || !is(message)) return;
      removeEventListener("message", listener);
      resolve(message);
    };
    addEventListener("message", listener);
  });
}

addEventListener("message", async ({ data }) => {
  const { run, windows } = JSON.parse(data);
  if (!run) {
    // What the frame in here answers is for whoever has this page.
    if (frame && above !== self) above.postMessage(data, "*");
    return;
  }
  if (frame) {
    frame.contentWindow.postMessage(data, "*");
    return;
  }
  const answer = windows ? await visit(windows, run) : { origin: self.origin, views: await perform(run) };
  above.postMessage(JSON.stringify(answer), "*");
});

if (opener) {
  const ready = () => opener.postMessage(JSON.stringify({ ready: true }), "*");
  if (frame) frame.addEventListener("load", ready);
  else ready();
}
