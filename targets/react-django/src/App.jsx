import { useCallback, useEffect, useState } from "react";

import { perform } from "./call.js";
import calls from "./calls.json";

/** Calls the API once for each line of calls.json, one after the other, and shows what came back. */
export default function App({ api }) {
  const [seen, setSeen] = useState([]);
  const running = seen.length < calls.length;

  const run = useCallback(async () => {
    setSeen([]);
    for (const call of calls) {
      const answer = await perform(api, call);
      setSeen((before) => [...before, answer]);
    }
  }, [api]);

  useEffect(() => {
    run();
  }, [run]);

  const blocked = seen.filter((it) => it.error).length;
  return (
    <main data-state={running ? "running" : "done"}>
      <header>
        <h1>A React app calls Django</h1>
        <p>
          This page is <code>{location.origin}</code>, and the API is <code>{api}</code>: another
          origin. What the page may read of it, CORS decides.
        </p>
        <p className="bar">
          <button onClick={run} disabled={running}>
            {running ? `${seen.length} of ${calls.length} …` : "Call again"}
          </button>
          <span className="count good">{seen.length - blocked} readable</span>
          <span className="count bad">{blocked} blocked</span>
        </p>
      </header>
      <ol>
        {calls.map((call, index) => (
          <Call key={call.name} call={call} seen={seen[index]} />
        ))}
      </ol>
    </main>
  );
}

function Call({ call, seen }) {
  const state = !seen ? "waiting" : seen.error ? "bad" : "good";
  return (
    <li className={state} data-call={call.name}>
      <h2>{call.title}</h2>
      <p className="request">
        <code>
          {call.method} {call.path}
        </code>
        {call.credentials === "include" && <code>credentials: include</code>}
        {call.headers?.map(([name, value]) => (
          <code key={name}>
            {name}: {value}
          </code>
        ))}
      </p>
      {seen?.error && <p className="error">{seen.error}</p>}
      {seen && !seen.error && <Answer {...seen} />}
    </li>
  );
}

function Answer({ status, type, redirected, body }) {
  return (
    <>
      <p className="answer">
        <b className="status">{status}</b> <span className="type">{type}</span>
        {redirected && <span className="redirected">redirected</span>}
      </p>
      <pre className="body">{body}</pre>
    </>
  );
}
