// A customer connects accounts: the secret key's client makes sessions, the page's client connects in them.
import assert from "node:assert/strict";

const { Nango } = await import(process.env.NODE_CLIENT);
const { default: Frontend, AuthError } = await import(`${process.env.FRONTEND_CLIENT}/dist/index.js`);
const [host, secretKey, base] = process.argv.slice(2);
const nango = new Nango({ host, secretKey });
const user = { id: "u1", email: "ann@acme.example", display_name: "Ann" };

async function session(more = {}) {
  const { data } = await nango.createConnectSession({ end_user: user, organization: { id: "acme" }, ...more });
  assert.match(data.token, /^nango_connect_session_[0-9a-f]{64}$/);
  assert.ok(data.connect_link.endsWith(`session_token=${data.token}`));
  assert.ok(new Date(data.expires_at) > new Date());
  return data.token;
}

const page = (connectSessionToken) => new Frontend({ host, connectSessionToken });

async function rejected(promise, type) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof AuthError);
    assert.equal(error.type, type);
    assert.ok(error.message);
    return true;
  });
}

// Providers and integrations.
const { data: providers } = await nango.listProviders({ search: "pla" });
assert.ok(providers.some((each) => each.name === "plain" && each.logo_url));
const { data: plain } = await nango.getProvider({ provider: "plain" });
assert.equal(plain.auth_mode, "API_KEY");
assert.equal(plain.credentials.apiKey.secret, true);
await assert.rejects(nango.getProvider({ provider: "nope" }), (error) => error.response.status === 404);

for (const key of ["plain", "pair", "open"]) {
  const { data } = await nango.createIntegration({ provider: key, unique_key: key, display_name: `My ${key}` });
  assert.deepEqual([data.unique_key, data.display_name, data.forward_webhooks], [key, `My ${key}`, true]);
}
await assert.rejects(nango.createIntegration({ provider: "plain", unique_key: "plain" }), (error) => {
  assert.equal(error.response.status, 400);
  return error.response.data.error.code === "invalid_body";
});
const { data: changed } = await nango.updateIntegration({ uniqueKey: "open" }, { display_name: "Free", unique_key: "free" });
assert.deepEqual([changed.unique_key, changed.display_name], ["free", "Free"]);
assert.equal((await nango.listIntegrations()).configs.length, 3);
const { data: hooked } = await nango.getIntegration({ uniqueKey: "plain" }, { include: ["webhook"] });
assert.match(hooked.webhook_url, /\/webhook\/[0-9a-f-]{36}\/plain$/);
const { data: opened } = await nango.getIntegration({ uniqueKey: "plain" }, { include: ["credentials"] });
assert.equal(opened.credentials, null);
assert.ok(!("webhook_url" in opened));

// A session connects several accounts.
const token = await session({ tags: { Plan: "Gold" } });
const made = await page(token).auth("plain", { params: { base }, credentials: { apiKey: "right" } });
assert.equal(made.providerConfigKey, "plain");
const pair = await page(token).auth("pair", { params: { base }, credentials: { username: "u", password: "p" } });
const open = await page(token).create("free");
assert.ok(pair.connectionId && open.connectionId);
await rejected(page(token).auth("plain", { params: { base }, credentials: { apiKey: "wrong" } }), "connection_test_failed");
await rejected(page(token).auth("nope", { credentials: { apiKey: "x" } }), "unknown_provider_config");
await rejected(page(token).auth("pair", { credentials: { apiKey: "x" } }), "invalid_auth_mode");
const narrow = await session({ allowed_integrations: ["pair"] });
await rejected(page(narrow).auth("plain", { credentials: { apiKey: "x" } }), "integration_not_allowed");
await rejected(page("x").create("free"), "invalid_connect_session_token_format");

// What was connected.
const { connections } = await nango.listConnections();
assert.equal(connections.length, 3);
assert.ok(connections.every((each) => each.end_user.id === "u1" && !("credentials" in each)));
const found = async (query) => (await nango.listConnections(query)).connections.map((each) => each.provider_config_key);
assert.deepEqual(await found({ connectionId: made.connectionId }), ["plain"]);
assert.deepEqual(await found({ tags: { plan: "Gold", organization_id: "acme" }, integrationId: ["plain"] }), ["plain"]);
assert.deepEqual(await found({ tags: { plan: "Silver" } }), []);
assert.deepEqual(await found({ tags: { displayName: "Ann" }, integrationId: "free" }), ["free"]);
assert.deepEqual((await found({ userId: "u1", limit: 2 })).length, 2);
assert.equal((await nango.listConnections(undefined, "ACME.example")).connections.length, 3);
assert.equal((await nango.listConnections(undefined, undefined, { endUserOrganizationId: "acme" })).connections.length, 3);

const one = await nango.getConnection("plain", made.connectionId);
assert.deepEqual(one.credentials, { type: "API_KEY", apiKey: "right" });
assert.deepEqual(one.connection_config, { base });
assert.equal(one.tags.plan, "Gold");
const forPair = await nango.getConnection("pair", pair.connectionId, true);
assert.deepEqual(forPair.credentials, { type: "BASIC", username: "u", password: "p" });
assert.deepEqual((await nango.getConnection("free", open.connectionId)).credentials, {});
const key = await nango.getToken("plain", made.connectionId);
assert.equal(key.apiKey, "right");
await assert.rejects(nango.getConnection("plain", "nope"), (error) => {
  return error.response.status === 404 && error.response.data.error.code === "not_found";
});

const ids = [made.connectionId];
assert.equal((await nango.setMetadata("plain", ids, { a: 1, b: { c: 2 } })).status, 201);
assert.equal((await nango.updateMetadata("plain", made.connectionId, { b: 3 })).status, 200);
assert.deepEqual(await nango.getMetadata("plain", made.connectionId), { a: 1, b: 3 });
await nango.setMetadata("plain", made.connectionId, { only: true });
assert.deepEqual(await nango.getMetadata("plain", made.connectionId), { only: true });
await assert.rejects(nango.setMetadata("plain", [made.connectionId, "nope"], { x: 1 }), (error) => {
  return error.response.status === 404 && error.response.data.error.code === "unknown_connection";
});
assert.deepEqual(await nango.getMetadata("plain", made.connectionId), { only: true });

const named = { connectionId: made.connectionId, provider_config_key: "plain" };
await nango.patchConnection(named, { end_user: { id: "u2" }, tags: { team: "blue" } });
assert.deepEqual((await nango.getConnection("plain", made.connectionId)).tags, { end_user_id: "u2", team: "blue" });

// Connected again: the id, the metadata and the tags stay.
const again = await nango.createReconnectSession({ connection_id: made.connectionId, integration_id: "plain" });
const anew = await page(again.data.token).reconnect("plain", { params: { base }, credentials: { apiKey: "newer" } });
assert.equal(anew.connectionId, made.connectionId);
const now = await nango.getConnection("plain", made.connectionId);
assert.deepEqual([now.credentials.apiKey, now.metadata, now.tags.team], ["newer", { only: true }, "blue"]);

// Gone.
assert.equal((await nango.deleteConnection("plain", made.connectionId)).status, 200);
await assert.rejects(nango.deleteConnection("plain", made.connectionId), (error) => {
  return error.response.status === 400 && error.response.data.error.code === "unknown_connection";
});
assert.equal((await nango.deleteIntegration("free")).status, 200);
await assert.rejects(nango.getIntegration({ uniqueKey: "free" }), (error) => error.response.status === 404);
assert.equal((await nango.listConnections()).connections.length, 1);
console.log("done");
