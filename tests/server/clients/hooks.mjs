// Webhooks: they come, the client's own functions verify them, and they say what happened.
import { createServer } from "node:http";
import { assert, base, connectShop, control, host, Nango, nango, page, pause, raw, refusedPage, runSync, secretKey, session, stage, things, until, user } from "./common.mjs";

const key = "hooks-shop";
const got = [];
let refusals = 0;
const receiver = createServer(async (request, answer) => {
  let text = "";
  for await (const piece of request.setEncoding("utf8")) text += piece;
  const body = JSON.parse(text);
  if (body.providerConfigKey === key) got.push({ path: request.url, headers: request.headers, text, body, at: Date.now() });
  answer.statusCode = body.providerConfigKey === key && refusals > 0 ? 500 : 200;
  if (answer.statusCode === 500) refusals -= 1;
  answer.end();
}).listen(stage.hooks, "127.0.0.1");
const took = (wanted) => until(() => got.find(({ path, body }) => wanted({ path, ...body })));

await nango.createIntegration({ provider: "shop", unique_key: key });
await control({ things: things(3), events: [{ id: 1, what: "größer / “kleiner” \u2028" }] });

// An account was connected.
const tags = { plan: "Größe 1/2 “€” 😀" };
const id = await connectShop(key, { end_user: { ...user, tags: { team: "blue" } }, organization: { id: "acme" }, tags });
const created = await took(({ type }) => type === "auth");
const { connectionId, provider, authMode, environment, operation, success, from } = created.body;
assert.deepEqual(
  { connectionId, provider, authMode, environment, operation, success, from },
  { connectionId: id, provider: "shop", authMode: "API_KEY", environment: "dev", operation: "creation", success: true, from: "nango" },
);
assert.equal(created.body.tags.plan, tags.plan);
assert.deepEqual(
  [created.body.endUser.endUserId, created.body.endUser.endUserEmail, created.body.endUser.organizationId],
  ["u1", user.email, "acme"],
);
assert.equal(created.path, "/main");

// Its first sync has run.
const initial = await took(({ type, syncName }) => type === "sync" && syncName === "events");
assert.deepEqual(initial.body.responseResults, { added: 1, updated: 0, deleted: 0 });
assert.deepEqual(
  [initial.body.model, initial.body.syncType, initial.body.syncVariant, initial.body.success],
  ["Event", "INITIAL", "base", true],
);
const { records } = await nango.listRecords({
  providerConfigKey: key,
  connectionId: id,
  model: initial.body.model,
  modifiedAfter: initial.body.modifiedAfter,
});
assert.deepEqual(records.map((record) => record.id), ["1"]);
assert.deepEqual(initial.body.checkpoints?.to, { after: 1 });

// A run that fails, and one that works again.
await control({ failing: [400] });
await runSync(key, "things", id);
const failed = await took(({ syncName, success }) => syncName === "things" && success === false);
assert.equal(failed.body.error.type, "script_error");
assert.ok(failed.body.error.description);
assert.equal(failed.body.error.additional_properties.upstream_response.status, 400);
assert.ok(Date.parse(failed.body.startedAt) && Date.parse(failed.body.failedAt));
await runSync(key, "things", id);
const worked = await took(({ syncName, success }) => syncName === "things" && success === true);
assert.deepEqual(worked.body.responseResults, { added: 3, updated: 0, deleted: 0 });

// An action that nobody waits for.
const left = await nango.triggerActionAsync(key, id, "double", { number: 21 });
const acted = await took(({ type }) => type === "async_action");
assert.deepEqual(acted.body.payload, { id: left.id, statusUrl: `/action/${left.id}` });
assert.deepEqual(await nango.getAsyncActionResult(acted.body.payload), { twice: 42 });

// Connected again; a wrong key tells nobody.
const { data } = await nango.createReconnectSession({ connection_id: id, integration_id: key });
const params = { base };
await refusedPage(page(data.token).reconnect(key, { params, credentials: { apiKey: "no" } }), "connection_test_failed");
await page(data.token).reconnect(key, { params, credentials: { apiKey: "key-two" } });
await took(({ operation: what }) => what === "override");
assert.equal(got.filter(({ body }) => body.type === "auth").length, 2);

// One that wants its own address gets them there, and only there.
const own = await session({ webhook_url_override: `http://127.0.0.1:${stage.hooks}/own` });
const other = await page(own).auth(key, { params, credentials: { apiKey: "key-one" } });
await took(({ path, type, connectionId: whose }) => path === "/own" && type === "auth" && whose === other.connectionId);
await took(({ path, type, connectionId: whose }) => path === "/own" && type === "sync" && whose === other.connectionId);
assert.ok(got.filter(({ body }) => body.connectionId === other.connectionId).every(({ path }) => path === "/own"));

// A receiver in trouble is asked again, with the same words.
refusals = 1;
const again = await nango.triggerActionAsync(key, id, "double", { number: 1 });
const tries = await until(() => {
  const found = got.filter(({ body }) => body.payload?.id === again.id);
  return found.length === 2 ? found : undefined;
});
assert.equal(tries[0].text, tries[1].text);
assert.ok(tries[1].at - tries[0].at >= 2500);

// Every one of them is signed, twice, and as its client checks it.
const withKey = new Nango({ host, apiKey: secretKey, webhookSigningKey: secretKey });
const stranger = new Nango({ host, secretKey: "11111111-1111-4111-8111-111111111111" });
assert.ok(got.length >= 10);
for (const { headers, text, body } of got) {
  assert.match(headers["content-type"], /^application\/json/);
  assert.ok(nango.verifyIncomingWebhookRequest(text, headers), text);
  assert.ok(withKey.verifyIncomingWebhookRequest(text, headers), text);
  assert.ok(nango.verifyWebhookSignature(headers["x-nango-signature"], body), text);
  assert.ok(!stranger.verifyIncomingWebhookRequest(text, headers));
  assert.ok(!nango.verifyIncomingWebhookRequest(`${text} `, headers));
}

// Deleted, it tells nothing more.
await nango.deleteConnection(key, id);
const before = got.length;
await pause(300);
assert.equal(got.length, before);
assert.equal((await raw("GET", `/connections/${id}?provider_config_key=${key}`)).status, 404);
receiver.close();
console.log("done");
process.exit(0);
