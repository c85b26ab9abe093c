// The page for people: has frames perform the cases one by one, and shows what came of it. What a
// frame does is page.js, the same as under a driver.
"use strict";

// So many cases are under way at once, but those with cookies, which all ports of a host share.
const LANES = 4;
// How often a case that differs is performed again: only what a browser does every time counts.
const AGAIN = 2;
// What a frame may take beside its steps' own patience.
const MARGIN = 5000;

const $ = (id) => document.getElementById(id);
const frames = new Map();
let plan;
let result;

async function ask(path, body) {
  const response = await fetch(path, { method: "POST", body: JSON.stringify(body ?? null) });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json();
}

function open(url) {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = url;
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  document.body.append(frame);
  return { frame, loaded };
}

// What the page at `url` sees of the steps of attempt `id`.
async function inFrame(url, id, steps) {
  const own = !fixed(steps[0].origin);
  if (!frames.has(url)) frames.set(url, open(url));
  const { frame, loaded } = frames.get(url);
  try {
    await loaded;
    const allowed = steps.reduce((all, { script }) => all + script.wait + script.patience, MARGIN);
    const { origin, views } = await answered(frame, id, steps, allowed);
    if (origin !== steps[0].origin) throw new Error(`the page at ${url} has the origin ${origin}`);
    return views[id];
  } finally {
    if (own) {
      frame.remove();
      frames.delete(url);
    }
  }
}

// Origins that serve many cases keep their frames; a target's own has a port of its own.
const fixed = (origin) => origin === "null" || plan.pages.includes(origin);

function answered(frame, id, steps, patience) {
  return new Promise((resolve, reject) => {
    const listener = ({ source, data }) => {
      if (source !== frame.contentWindow) return;
      const answer = JSON.parse(data);
      if (!(id in (answer.views ?? {}))) return;
      finish(() => resolve(answer));
    };
    const late = setTimeout(() => finish(() => reject(new Error("a frame does not answer"))), patience);
    const finish = (settle) => {
      removeEventListener("message", listener);
      clearTimeout(late);
      settle();
    };
    addEventListener("message", listener);
    const run = [{ id, steps: steps.map(({ script }) => script) }];
    frame.contentWindow.postMessage(JSON.stringify({ run }), "*");
  });
}

// Takes away the cookies of the case before, which some browsers keep apart for opaque origins.
async function forget(opaque) {
  await ask("/forget");
  if (!opaque) return;
  const init = { method: "POST", headers: [], mode: "no-cors", credentials: "include" };
  const script = { ...opaque.script, wait: 0, url: `${location.origin}/forget`, init, body: null, upload: false };
  await inFrame(opaque.page, "forget", [{ ...opaque, script }]);
}

// One case, performed and compared once.
async function once(index, engine) {
  const { id, steps } = await ask("/begin", index);
  try {
    const views = [];
    if (plan.cases[index].alone) await forget(steps.find(({ origin }) => origin === "null"));
    for (let from = 0; from < steps.length; ) {
      let to = from + 1;
      while (to < steps.length && steps[to].page === steps[from].page) to++;
      views.push(...(await inFrame(steps[from].page, String(id), steps.slice(from, to))));
      from = to;
    }
    return await ask("/end", { id, engine, views });
  } catch (error) {
    return ask("/end", { id, engine, trouble: error.message });
  }
}

async function performed(index, engine) {
  let found = await once(index, engine);
  for (let round = 0; round < AGAIN && !found["as-known"]; round++) {
    const second = await once(index, engine);
    if (count(second) < count(found)) found = second;
  }
  return found;
}

const count = (found) => found.disagreements.reduce((all, it) => all + it.differences.length, 0);

async function run() {
  const engine = $("engine").value;
  for (const id of ["run", "engine", "download"]) $(id).disabled = true;
  result = begun(engine);
  $("result").hidden = $("progress").hidden = false;
  show();
  const numbers = plan.cases.map((_, index) => index);
  const lane = async (rest) => {
    for (let index = rest.shift(); index !== undefined; index = rest.shift()) {
      take(plan.cases[index], await performed(index, engine));
      show();
    }
  };
  try {
    const together = numbers.filter((index) => !plan.cases[index].alone);
    await Promise.all(Array.from({ length: LANES }, () => lane(together)));
    await lane(numbers.filter((index) => plan.cases[index].alone));
    result.complete = true;
    $("status").textContent = verdict();
  } catch (error) {
    $("status").textContent = `It stopped: ${error.message}`;
  }
  document.body.dataset.state = result.complete ? "done" : "stopped";
  for (const id of ["run", "engine", "download"]) $(id).disabled = false;
  $("run").textContent = "Run again";
}

function begun(engine) {
  document.body.dataset.state = "running";
  const { schema, version, origin, policies, impossible } = plan;
  const found = { cases: 0, steps: 0, view: 0, wire: 0, troubles: {}, disagreements: [], areas: {} };
  const whom = { engine, "user-agent": navigator.userAgent };
  return { schema, version, origin, policies, ...whom, complete: false, ...found, impossible };
}

function take({ scenario }, found) {
  const area = (result.areas[scenario.split("/")[0]] ??= { cases: 0, view: 0, wire: 0 });
  for (const key of ["cases", "view", "wire"]) {
    result[key] += found[key];
    area[key] += found[key];
  }
  if (found.cases) result.steps += found.steps;
  for (const [why, times] of Object.entries(found.troubles)) {
    result.troubles[why] = (result.troubles[why] ?? 0) + times;
  }
  result.disagreements.push(...found.disagreements);
  result.disagreements.sort((one, other) => key(one).localeCompare(key(other)));
}

const key = ({ scenario, policy }) => `${scenario} ${policy}`;

const isKnown = ({ differences }) => differences.every(({ cause }) => cause);

// A share in percent, never rounded up to all.
const share = (some, all) => (all ? `${Math.floor((some * 1000) / all) / 10} %` : "–");

function verdict() {
  const troubles = Object.values(result.troubles).reduce((all, it) => all + it, 0);
  const differ = result.disagreements.length;
  const known = result.disagreements.filter(isKnown).length;
  const agree = "The model and this browser agree in all cases";
  const parts = [differ ? `${differ} cases differ, ${known} of them for a known reason` : agree];
  if (troubles) parts.push(`${troubles} were not performed`);
  return `${parts.join("; ")}.`;
}

function show() {
  const troubles = Object.values(result.troubles).reduce((all, it) => all + it, 0);
  const done = result.cases + troubles;
  $("progress").max = plan.cases.length;
  $("progress").value = done;
  $("status").textContent = `${done} of ${plan.cases.length} cases`;
  $("cases").textContent = result.cases;
  for (const part of ["view", "wire"]) {
    $(part).textContent = share(result[part], result.cases);
    $(part).className = result[part] === result.cases ? "good" : "bad";
  }
  const areas = Object.entries(result.areas).sort(([one], [other]) => one.localeCompare(other));
  const shares = ({ cases, view, wire }) => [cases, share(view, cases), share(wire, cases)];
  rows("areas", areas.map(([area, counts]) => [area, ...shares(counts)]));
  const rest = Object.entries(result.troubles).map(([why, times]) => trouble(why, times));
  const blocks = [...result.disagreements.map(disagreement), ...rest];
  $("disagreements").replaceChildren(...(blocks.length ? blocks : [element("p", "Nowhere.", "dim")]));
}

// What servers and pages say is only ever text.
function element(name, content, className = "") {
  const made = document.createElement(name);
  made.className = className;
  made.append(...[content].flat().map((it) => (it instanceof Node ? it : visible(String(it)))));
  return made;
}

// Characters that are not seen, or that turn the text around, by their number.
const visible = (text) =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (it) => `\\u{${it.codePointAt(0).toString(16)}}`);

function rows(table, lines) {
  const cells = lines.map((line) => element("tr", line.map((it) => element("td", it))));
  $(table).querySelector("tbody").replaceChildren(...cells);
}

function disagreement({ scenario, policy, differences }) {
  const known = isKnown({ differences });
  const summary = element("summary", [
    element("code", scenario),
    element("span", policy, "dim"),
    element("span", known ? "known" : "unknown", known ? "badge" : "badge bad"),
  ]);
  return element("details", [summary, ...differences.map(difference)], "card");
}

function difference({ step, part, field, model, browser, cause }) {
  const line = (name, value) => element("div", [element("dt", name), element("dd", value)]);
  const title = `step ${step} · ${part === "view" ? "page’s view" : "wire"} · ${field}`;
  const lines = [line("model", model), line("browser", browser)];
  if (cause) lines.push(line("cause", cause));
  return element("div", [element("h3", title), element("dl", lines)]);
}

function trouble(why, times) {
  return element("p", `${times} cases were not performed: ${why}`, "card bad");
}

function download() {
  const blob = new Blob([JSON.stringify(result, null, 2)], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `corspec-${result.engine}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

async function begin() {
  plan = await ask("/plan");
  $("engine").replaceChildren(...plan.engines.map((it) => new Option(it, it, it === plan.engine, it === plan.engine)));
  $("agent").textContent = navigator.userAgent;
  $("version").textContent = `corspec ${plan.version} · policies: ${plan.policies.join(", ")}`;
  const impossible = Object.entries(plan.impossible).sort(([, one], [, other]) => other - one);
  rows("impossible", impossible.map(([why, times]) => [times, why]));
  $("run").addEventListener("click", run);
  $("download").addEventListener("click", download);
  for (const id of ["run", "engine"]) $(id).disabled = false;
  $("status").textContent = `${plan.cases.length} cases can be performed from here.`;
  document.body.dataset.state = "ready";
}

begin().catch((error) => ($("status").textContent = `It does not begin: ${error.message}`));
