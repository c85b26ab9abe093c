/** Makes a call of calls.json to the server at `api`, and tells what this page saw of it. */
export async function perform(api, { path, method, headers = [], body, credentials = "same-origin" }) {
  try {
    const response = await fetch(api + path, { method, headers, body, credentials });
    return {
      type: response.type,
      status: response.status,
      redirected: response.redirected,
      body: await response.text(),
    };
  } catch (error) {
    return { error: `${error.name}: ${error.message}` };
  }
}
