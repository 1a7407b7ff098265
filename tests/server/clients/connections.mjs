// What becomes of a connection: found, described, tagged, connected again, imported, deleted.
import { assert, base, connectShop, nango, page, raw, refused, session } from "./common.mjs";

const key = "connections-shop";
await nango.createIntegration({ provider: "shop", unique_key: key });
const organization = { id: "acme-of-connections", display_name: "Acme" };
const one = await connectShop(key, { organization, tags: { Plan: "Gold" } });
const two = await connectShop(key, { end_user: { id: "u2", email: "bob@other.example", tags: { team: "blue" } } });

// Found.
const found = async (...query) => (await nango.listConnections(...query)).connections.map((each) => each.connection_id);
assert.deepEqual(await found({ integrationId: key }), [two, one]);
assert.deepEqual(await found({ integrationId: [key, "none"], limit: 1, page: 1 }), [one]);
assert.deepEqual(await found({ connectionId: one }), [one]);
assert.deepEqual(await found(one), [one]);
assert.deepEqual(await found(undefined, "bob@OTHER", { integrationId: key }), [two]);
assert.deepEqual(await found(undefined, two.slice(4, 20)), [two]);
assert.deepEqual(await found({ userId: "u2", integrationId: key }), [two]);
assert.deepEqual(await found(undefined, undefined, { endUserOrganizationId: organization.id, integrationId: key }), [one]);
assert.deepEqual(await found({ tags: { Plan: "Gold", organization_id: organization.id }, integrationId: key }), [one]);
assert.deepEqual(await found({ tags: { email: "bob@other.example" }, integrationId: key }), [two]);
assert.deepEqual(await found({ tags: { plan: "Silver" } }), []);
const [item] = (await nango.listConnections({ connectionId: one })).connections;
assert.deepEqual(
  [typeof item.id, item.provider, item.provider_config_key, item.errors, item.metadata],
  ["number", "shop", key, [], {}],
);
assert.deepEqual(item.end_user.organization, organization);
assert.ok(new Date(item.created) <= new Date());
assert.ok(!("credentials" in item) && !("connection_config" in item));

// Read.
const read = async (id = one) => nango.getConnection(key, id);
const full = await read();
assert.deepEqual(full.credentials, { type: "API_KEY", apiKey: "key-one" });
assert.deepEqual(full.connection_config, { base });
for (const date of ["created_at", "updated_at", "last_fetched_at"]) assert.ok(Date.parse(full[date]), date);
assert.equal(full.tags.end_user_email, "ann@acme.example");
await refused(nango.getConnection(key, "nobody"), 404, "not_found");
await refused(nango.getConnection("no-such", one), 400, "unknown_provider_config");

// Metadata: set replaces, update merges at the top; all or none.
assert.equal((await nango.setMetadata(key, [one, two], { a: 1, b: { c: 2 } })).status, 201);
const updated = await nango.updateMetadata(key, one, { b: { d: 3 } });
assert.equal(updated.status, 200);
assert.deepEqual(updated.data, { connection_id: one, provider_config_key: key, metadata: { b: { d: 3 } } });
assert.deepEqual(await nango.getMetadata(key, one), { a: 1, b: { d: 3 } });
assert.deepEqual(await nango.getMetadata(key, two), { a: 1, b: { c: 2 } });
await nango.setMetadata(key, one, { only: "ü" });
assert.deepEqual(await nango.getMetadata(key, one), { only: "ü" });
await refused(nango.setMetadata(key, [one, "nobody"], { x: 1 }), 404, "unknown_connection");
await refused(nango.updateMetadata(key, ["nobody", one], { x: 1 }), 404, "unknown_connection");
assert.deepEqual(await nango.getMetadata(key, one), { only: "ü" });

// Tags and end user.
const patch = (body) => nango.patchConnection({ connectionId: one, provider_config_key: key }, body);
assert.deepEqual(await patch({ tags: { Team: "Red" } }), { success: true });
assert.equal((await read()).tags.team, "Red");
await patch({ end_user: { id: "u3", display_name: "Cy" }, tags: { team: "green" } });
const tagged = (await read()).tags;
assert.deepEqual([tagged.end_user_id, tagged.end_user_display_name, tagged.team], ["u3", "Cy", "green"]);
await refused(patch({ tags: { "1st": "x" } }), 400, "invalid_body");
await refused(patch({ nonsense: 1 }), 400, "invalid_body");
await patch({ webhook_url_override: "https://hooks.example/own" });
assert.equal((await read()).webhook_url_override, "https://hooks.example/own");
await patch({ webhook_url_override: "" });
assert.equal((await read()).webhook_url_override, null);

// Connected again: the same connection, with what the new session does not mention.
const again = await nango.createReconnectSession({ connection_id: one, integration_id: key });
const anew = await page(again.data.token).reconnect(key, { params: { base }, credentials: { apiKey: "key-two" } });
assert.equal(anew.connectionId, one);
const now = await read();
assert.deepEqual([now.credentials.apiKey, now.metadata, now.tags.team], ["key-two", { only: "ü" }, "green"]);
await refused(nango.createReconnectSession({ connection_id: "nobody", integration_id: key }), 400, "invalid_body");
await assert.rejects(
  page(again.data.token).reconnect(key, { params: { base }, credentials: { apiKey: "wrong" } }),
  (error) => error.type === "connection_test_failed",
);
assert.equal((await read()).credentials.apiKey, "key-two");

// Imported, and waited for.
const imported = await raw("POST", "/connections", {
  provider_config_key: key,
  connection_id: "my own id/ä".replace("ä", "a"),
  credentials: { type: "API_KEY", apiKey: "key-one" },
  connection_config: { base },
  metadata: { from: "elsewhere" },
  tags: { plan: "old" },
});
assert.equal(imported.status, 201);
assert.deepEqual([imported.body.connection_id, imported.body.metadata.from], ["my own id/a", "elsewhere"]);
const bad = { provider_config_key: key, credentials: { type: "API_KEY", apiKey: "no" }, connection_config: { base } };
assert.equal((await raw("POST", "/connections", bad)).body.error.code, "connection_test_failed");
assert.equal((await raw("POST", "/connections", { ...bad, provider_config_key: "no-such" })).status, 404);
const basic = { type: "BASIC", username: "u", password: "p" };
assert.equal((await raw("POST", "/connections", { ...bad, credentials: basic })).body.error.code, "invalid_body");
assert.equal((await nango.waitForConnection(key, "u2")).connection_id, two);

// Deleted.
const path = encodeURIComponent("my own id/a");
assert.equal((await raw("DELETE", `/connections/${path}?provider_config_key=${key}`)).status, 200);
assert.equal((await nango.deleteConnection(key, one)).status, 200);
await refused(nango.deleteConnection(key, one), 400, "unknown_connection");
await refused(read(), 404, "not_found");
assert.deepEqual(await found({ integrationId: key }), [two]);

// An integration: renamed only without connections, deleted with what it has.
await refused(nango.updateIntegration({ uniqueKey: key }, { unique_key: "other" }), 400, "invalid_body");
assert.equal((await nango.updateIntegration({ uniqueKey: key }, { display_name: "New" })).data.display_name, "New");
assert.equal((await nango.deleteIntegration(key)).status, 200);
await refused(nango.getIntegration({ uniqueKey: key }), 404, "not_found");
assert.deepEqual(await found({ integrationId: key }), []);
await refused(nango.createConnectSession({ end_user: { id: "u" }, allowed_integrations: [key] }), 400, "invalid_body");
assert.match(await session({ end_user: undefined, tags: {} }), /./);
console.log("done");
