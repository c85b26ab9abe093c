// Asks its own server what to do next: to go elsewhere, or to fetch. After a fetch it throws an error
// that nobody catches: where that is printed, all that the fetch had printed stands before it.
"use strict";

async function provoked({ url, init }) {
  try {
    const response = await fetch(url, init);
    return `${response.type} ${response.status}`;
  } catch (error) {
    return error.name;
  }
}

async function next() {
  const answer = await fetch("/.corspec-page/next");
  const { visit, fetch: call, mark } = await answer.json();
  if (visit) {
    location.href = visit;
    return;
  }
  const seen = await provoked(call);
  // What a browser's other processes have to say of it comes before the answer to this.
  await fetch("/.corspec-page/turn");
  setTimeout(() => {
    setTimeout(next);
    throw new Error(`${mark} ${seen}`);
  });
}

setTimeout(next);
