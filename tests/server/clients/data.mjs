// Everything that a secret key can do with data, done by the reference runtime's client: proxy, syncs, records, actions.
import assert from "node:assert/strict";

const { Nango } = await import(process.env.NODE_CLIENT);
const [host, secretKey] = process.argv.slice(2);
const nango = new Nango({ host, secretKey });
const key = "desk";
const id = "acme";
const at = { providerConfigKey: key, connectionId: id };

async function until(what, attempts = 200) {
  for (let n = 0; n < attempts; n += 1) {
    const found = await what();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`it did not happen: ${what}`);
}

async function proxy() {
  const headers = { "X-Plan": "large" };
  let answer = await nango.get({ ...at, endpoint: "/echo", params: { a: "1", b: ["x", "y"] }, headers });
  assert.equal(answer.status, 200);
  assert.equal(answer.data.plan, "large");
  assert.equal(new URL(answer.data.target, host).searchParams.get("a"), "1");

  const given = { hello: "wörld", n: [1, 2.5, null] };
  for (const method of ["post", "put", "patch", "delete"]) {
    answer = await nango[method]({ ...at, endpoint: "echo", data: given });
    assert.equal(answer.data.method, method.toUpperCase());
    assert.deepEqual(JSON.parse(answer.data.body), given);
    assert.match(answer.data.type, /^application\/json/);
  }
  answer = await nango.proxy({ ...at, method: "POST", endpoint: "/echo", data: given });
  assert.equal(answer.data.method, "POST");

  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  answer = await nango.post({ ...at, endpoint: "/echo", data: "a=1&b=2", headers: form });
  assert.deepEqual([answer.data.body, answer.data.type], ["a=1&b=2", form["Content-Type"]]);

  const octets = { "Content-Type": "application/octet-stream" };
  answer = await nango.post({ ...at, endpoint: "/echo", data: Buffer.from([0, 1, 255]), headers: octets });
  assert.equal(answer.data.length, 3);

  for (const more of [{}, { headers: { "Content-Type": "multipart/form-data" } }]) {
    const fields = new FormData();
    fields.append("file", new Blob(["abc"]), "a.txt");
    fields.append("x", "1");
    answer = await nango.post({ ...at, endpoint: "/echo", data: fields, ...more });
    const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(answer.data.type)[1];
    assert.ok(answer.data.body.startsWith(`--${boundary}\r\n`));
    assert.ok(answer.data.body.endsWith(`--${boundary}--\r\n`));
  }

  assert.equal((await nango.get({ ...at, endpoint: "/created" })).status, 201);
  await assert.rejects(nango.get({ ...at, endpoint: "/missing" }), (error) => {
    assert.equal(error.response.status, 404);
    assert.deepEqual(error.response.data, { why: "gone" });
    return error.response.headers["x-why"] === "1";
  });
  assert.deepEqual((await nango.get({ ...at, endpoint: "/flaky", retries: 2 })).data, { ok: true });

  answer = await nango.get({ ...at, endpoint: "/binary", responseType: "arraybuffer" });
  assert.equal(Buffer.from(answer.data).length, 300_000);
  assert.deepEqual((await nango.get({ ...at, endpoint: "/packed", decompress: true })).data, { packed: true });

  answer = await nango.get({ ...at, endpoint: "/huge", responseType: "stream" });
  let length = 0;
  for await (const piece of answer.data) length += piece.length;
  assert.equal(length, 100 * 1024 * 1024);

  await assert.rejects(nango.get({ ...at, providerConfigKey: "no-such", endpoint: "/echo" }), (error) => {
    assert.equal(error.response.status, 404);
    return error.response.data.error.code === "unknown_provider_config";
  });
}

async function syncs() {
  const one = async () => (await nango.syncStatus(key, ["things"], id)).syncs[0];
  assert.equal((await nango.syncStatus(key, "*", id)).syncs[0].name, "things");
  await nango.pauseSync(key, ["things"], id);
  assert.equal((await one()).status, "PAUSED");
  const before = (await one()).finishedAt;
  await nango.triggerSync(key, ["things"], id);
  const done = await until(async () => {
    const item = await one();
    const fresh = item.finishedAt && item.finishedAt !== before && item.latestExecutionStatus === "SUCCESS";
    return fresh && item.status === "PAUSED" && item.recordCount.Thing === 250 ? item : undefined;
  });
  assert.deepEqual(Object.keys(done.latestResult.Thing).sort(), ["added", "deleted", "updated"]);
  await nango.startSync(key, ["things"], id);
  assert.equal((await one()).status, "SUCCESS");

  assert.equal((await nango.updateSyncConnectionFrequency(key, "things", id, "every 2 hours")).frequency, "2 hours");
  assert.equal((await one()).frequency, "every 2 hours");
  await nango.updateSyncConnectionFrequency(key, "things", id, null);

  const named = { provider_config_key: key, connection_id: id, name: "things", variant: "german" };
  assert.equal((await nango.createSyncVariant(named)).variant, "german");
  const variant = { name: "things", variant: "german" };
  await nango.pauseSync(key, [variant], id);
  assert.deepEqual(
    (await nango.syncStatus(key, [variant], id)).syncs.map((item) => [item.variant, item.status]),
    [["german", "PAUSED"]],
  );
  assert.deepEqual(await nango.deleteSyncVariant(named), { success: true });
  await assert.rejects(nango.triggerSync(key, ["no-such"], id), (error) => {
    return error.response.status === 400 && error.response.data.error.code === "no_syncs_found";
  });
}

async function records() {
  const all = [];
  let cursor = null;
  do {
    const page = await nango.listRecords({ ...at, model: "Thing", limit: 100, cursor });
    all.push(...page.records);
    cursor = page.next_cursor;
  } while (cursor);
  assert.equal(new Set(all.map((record) => record.id)).size, 250);
  const list = async (query) => (await nango.listRecords({ ...at, model: "Thing", ...query })).records;
  assert.equal((await list({ ids: ["t0001"] })).length, 1);
  assert.equal((await list({ ids: ["t0001", "t0002"], filter: "added" })).length, 2);
  assert.equal((await list({ modifiedAfter: "2020-01-01T00:00:00Z", limit: 3 })).length, 3);
  assert.equal((await list({ delta: "2020-01-01T00:00:00Z", limit: 3 })).length, 3);
  assert.equal((await list({ filter: "deleted" })).length, 0);
  const untilCursor = all[9]._nango_metadata.cursor;
  assert.deepEqual(await nango.pruneRecords({ ...at, model: "Thing", untilCursor }), { count: 10, has_more: false });
}

async function actions() {
  assert.deepEqual(await nango.triggerAction(key, id, "double", { number: 4 }), { twice: 8 });
  await assert.rejects(nango.triggerAction(key, id, "refuse", {}), (error) => {
    return error.response.status === 500 && error.response.data.error.code === "action_script_runtime_error";
  });
  const left = await nango.triggerActionAsync(key, id, "double", { number: 5 });
  const result = await until(() => nango.getAsyncActionResult({ id: left.id }).catch(() => undefined));
  assert.deepEqual(result, { twice: 10 });
  assert.deepEqual(await nango.getAsyncActionResult({ statusUrl: left.statusUrl }), { twice: 10 });
  assert.ok((await nango.getScriptsConfig()).some((each) => each.providerConfigKey === key));
  assert.equal((await nango.getScriptsConfig("openai")).data.length, 2);
  assert.deepEqual(await nango.getEnvironmentVariables(), []);
}

for (const part of [proxy, syncs, records, actions]) {
  await part();
  console.log(`${part.name}: done`);
}
