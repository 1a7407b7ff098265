// What every journey needs: both clients, the stage it plays on, and words for what it expects.
import assert from "node:assert/strict";

const { Nango } = await import(process.env.NODE_CLIENT);
const { default: Frontend, AuthError } = await import(`${process.env.FRONTEND_CLIENT}/dist/index.js`);

process.on("uncaughtException", (error) => {
  const { response } = error; // axios prints everything but what the server said
  console.error(error.stack, response ? `\n${response.status} ${JSON.stringify(response.data)}` : "");
  process.exit(1);
});

export { assert, AuthError, Nango };
export const stage = JSON.parse(process.argv[2]);
export const { host, secretKey, base } = stage;
export const nango = new Nango({ host, secretKey });
export const user = { id: "u1", email: "ann@acme.example", display_name: "Ann" };
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The session's token of a new connect session. */
export async function session(more = {}) {
  const { data } = await nango.createConnectSession({ end_user: user, ...more });
  assert.match(data.token, /^nango_connect_session_[0-9a-f]{64}$/);
  return data.token;
}

/** The client of a page in the customer's browser. */
export const page = (connectSessionToken) => new Frontend({ host, connectSessionToken });

/** Connects an account of the shop in a new session; gives its id. */
export async function connectShop(key, more = {}) {
  const token = await session(more);
  const { connectionId } = await page(token).auth(key, { params: { base }, credentials: { apiKey: "key-one" } });
  return connectionId;
}

/** The secret key's call is refused with that status and code. */
export async function refused(promise, status, code) {
  await assert.rejects(promise, (error) => {
    assert.ok(error.response, String(error));
    assert.deepEqual([error.response.status, error.response.data?.error?.code], [status, code]);
    return true;
  });
}

/** The page's call is refused with that code. */
export async function refusedPage(promise, code) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof AuthError, String(error));
    assert.equal(error.type, code);
    assert.ok(error.message);
    return true;
  });
}

/** What `look` finds, once it is neither undefined nor false. */
export async function until(look, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  let found;
  while (Date.now() < end) {
    found = await look();
    if (found !== undefined && found !== false) return found;
    await pause(50);
  }
  throw new Error(`it did not happen in ${seconds} s: ${look}`);
}

/** Change the account at the provider. */
export async function control(changes) {
  const answer = await fetch(`${base}/control`, { method: "PUT", body: JSON.stringify(changes) });
  assert.equal(answer.status, 200);
}

/** The calls that the account has had. */
export const calls = async () => (await (await fetch(`${base}/control`)).json()).calls;

/** A call that no client has a method for. */
export async function raw(method, path, body, headers = {}) {
  const answer = await fetch(host + path, {
    method,
    headers: { authorization: `Bearer ${secretKey}`, ...(body ? { "content-type": "application/json" } : {}), ...headers },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text && JSON.parse(text) };
}

/** `count` things named by number, from `first`. */
export const things = (count, first = 0) =>
  Array.from({ length: count }, (_, n) => ({ id: first + n, name: `Thing ${first + n}` }));

/** Every page of a list of records. */
export async function readAll(query) {
  const records = [];
  let cursor;
  do {
    const got = await nango.listRecords({ ...query, cursor });
    records.push(...got.records);
    cursor = got.next_cursor;
  } while (cursor);
  return records;
}

/** The status of one sync. */
export async function statusOf(key, sync, id) {
  const { syncs } = await nango.syncStatus(key, [sync], id);
  assert.equal(syncs.length, 1);
  return syncs[0];
}

/** Trigger a sync and wait for that run's end. */
export async function runSync(key, sync, id, options = {}) {
  const before = (await statusOf(key, sync, id)).finishedAt;
  await nango.triggerSync(key, [sync], id, options);
  return until(async () => {
    const now = await statusOf(key, sync, id);
    return now.finishedAt && now.finishedAt !== before && now.status !== "RUNNING" ? now : undefined;
  });
}
