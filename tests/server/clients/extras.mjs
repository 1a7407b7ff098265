// What clients ask for beside the main road: functions, endpoints of functions, WebDAV, null in metadata, status before a run.
import { assert, base, calls, connectShop, control, nango, raw, refused, runSync, things } from "./common.mjs";

const key = "extras shop";
await nango.createIntegration({ provider: "shop", unique_key: key });
const encoded = encodeURIComponent(key);

// An integration with a blank in its key: its webhook address is one that can be called.
const { data: integration } = await nango.getIntegration({ uniqueKey: key }, { include: ["webhook"] });
assert.ok(integration.webhook_url.endsWith(`/${encoded}`), integration.webhook_url);
const both = await raw("GET", `/integrations/${encoded}?include=webhook&include=credentials`);
assert.equal(both.body.data.credentials, null);
await refused(nango.createQuickstartIntegration({ provider: "shop", unique_key: "quick" }), 400, "invalid_body");
await refused(nango.createQuickstartIntegration({ provider: "no-such", unique_key: "quick" }), 400, "invalid_body");
const wrong = { type: "OAUTH2", client_id: "a", client_secret: "b" };
await refused(nango.createIntegration({ provider: "shop", unique_key: "x", credentials: wrong }), 400, "invalid_body");

// Functions of an integration, templates of a provider.
const listed = await nango.listFunctions({ uniqueKey: key }, { limit: 2, page: 1 });
assert.deepEqual(listed.pagination, { total: 7, page: 1, limit: 2 });
assert.equal(listed.data.length, 2);
const { data: syncs } = await nango.listFunctions({ uniqueKey: key }, { type: "sync", search: "THING" });
assert.deepEqual(syncs.map((each) => each.name), ["things"]);
const { data: one } = await nango.getFunction({ uniqueKey: key, name: "things" });
assert.deepEqual([one.type, one.returns, one.runs, one.auto_start, one.track_deletes], ["sync", ["Thing"], "every hour", false, true]);
assert.ok(Number.isInteger(one.id) && one.enabled && !Number.isNaN(Date.parse(one.last_deployed)) && one.source);
const code = await nango.getFunctionCode({ uniqueKey: key, name: "double" }, { type: "action" });
assert.deepEqual([code.type, code.code.includes("Twice the number.")], ["action", true]);
await refused(nango.getFunction({ uniqueKey: key, name: "no-such" }), 404, "not_found");
await refused(nango.listFunctions({ uniqueKey: "no-such" }), 404, "not_found");
await refused(nango.deleteFunction({ uniqueKey: key, name: "double" }, { type: "action" }), 400, "function_managed_by_deploy");
await refused(nango.deleteFunction({ uniqueKey: key, name: "double" }), 400, "invalid_query_params");
const { data: templates } = await nango.getProviderTemplates({ provider: "shop" });
assert.deepEqual(templates.filter((each) => each.type === "sync").map((each) => each.returns[0]), ["Thing", "Event"]);
const [config] = (await nango.getScriptsConfig()).filter((each) => each.providerConfigKey === key);
assert.deepEqual(config.actions.find((each) => each.name === "double").endpoints, [{ method: "POST", path: "/shop/double" }]);

// Functions by the endpoint that they declare.
await control({ things: things(3) });
const id = await connectShop(key);
const at = { "connection-id": id, "provider-config-key": key };
const [fresh] = (await nango.syncStatus(key, ["things"], id)).syncs;
for (const absent of ["finishedAt", "latestResult", "latestExecutionStatus"]) assert.ok(!(absent in fresh), absent);
assert.deepEqual([fresh.status, fresh.nextScheduledSyncAt, fresh.checkpoint], ["PAUSED", null, null]);
await runSync(key, "things", id);
assert.deepEqual((await raw("POST", "/v1/shop/double", { number: 21 }, at)).body, { twice: 42 });
assert.equal((await raw("GET", "/v1/shop/things?limit=2", undefined, at)).body.records.length, 2);
assert.equal((await raw("GET", "/v1/shop/nothing", undefined, at)).body.error.code, "not_found");

// Metadata as it is given, by new names and old ones.
await nango.setMetadata(key, id, { a: 1, deep: { x: 1 } });
await nango.updateMetadata(key, id, { a: null, deep: { y: 2 } });
assert.deepEqual(await nango.getMetadata(key, id), { a: null, deep: { y: 2 } });
const old = await raw("POST", `/connection/${id}/metadata`, { only: true }, { "provider-config-key": key });
assert.deepEqual([old.status, old.body], [201, { only: true }]);
assert.deepEqual(await nango.getMetadata(key, id), { only: true });
await refused(nango.setMetadata("no-such", [id], {}), 404, "unknown_connection");

// What a calendar is asked with.
const proxied = { providerConfigKey: key, connectionId: id, endpoint: "/echo" };
for (const method of ["PROPFIND", "REPORT"]) {
  const { data } = await nango.proxy({ ...proxied, method, data: "<prop/>", headers: { "Content-Type": "text/xml" } });
  assert.deepEqual([data.method, Buffer.from(data.body, "base64").toString()], [method, "<prop/>"]);
}
assert.ok((await calls()).some((call) => call.startsWith("REPORT ")), base);

// More tags than an end user may bring along.
const own = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`own${n}`, "v"]));
const many = await connectShop(key, { end_user: { id: "u2", tags: own }, tags: { Last: "One" } });
const { end_user: user, tags } = await nango.getConnection(key, many);
assert.deepEqual([user.tags, tags.last, tags.end_user_id], [own, "One", "u2"]);
await refused(nango.createSyncVariant({ provider_config_key: key, connection_id: id, name: "things", variant: "BASE" }), 400, "invalid_variant");
await nango.deleteIntegration(key);
console.log("done");
