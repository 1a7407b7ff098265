// A customer connects Paligo, and everything is done with that account that a product would do.
import { assert, nango, page, readAll, refused, refusedPage, runSync, session, stage, statusOf, until } from "./common.mjs";

const key = "paligo";
const { instance, username, apiKey, truth } = stage.paligo;
await nango.createIntegration({ provider: "paligo", unique_key: key });
const { data: provider } = await nango.getProvider({ provider: "paligo" });
assert.equal(provider.display_name, "Paligo");
assert.equal(provider.connection_config.instance.suffix, ".paligoapp.com");

// The form, filled in wrongly and then well.
const token = await session({ allowed_integrations: [key] });
const form = (credentials) => page(token).auth(key, { params: { instance, username }, credentials });
await refusedPage(form({ apiKey: "0".repeat(apiKey.length) }), "connection_test_failed");
const { connectionId: id } = await form({ apiKey });
const at = { providerConfigKey: key, connectionId: id };
const full = await nango.getConnection(key, id);
assert.deepEqual(full.connection_config, { instance, username });
assert.deepEqual(full.credentials, { type: "API_KEY", apiKey });
await nango.setMetadata(key, id, { plan: "none" }); // until now it was held to the rates of a smaller plan

// Its API through the proxy.
const listed = await nango.get({ ...at, endpoint: "/api/v2/documents", params: { per_page: 5 } });
assert.equal(listed.data.documents.length, 5);
await assert.rejects(nango.get({ ...at, endpoint: "/api/v2/documents/999999999" }), ({ response }) => response.status === 404);

// Its documents as records, all of them. The run that began by itself may wait for those rates: end it, begin anew.
await nango.pauseSync(key, ["documents"], id);
await until(async () => (await statusOf(key, "documents", id)).status === "PAUSED");
const ran = await runSync(key, "documents", id, { reset: true });
assert.equal(ran.latestExecutionStatus, "SUCCESS");
const documents = await readAll({ ...at, model: "Document", limit: 40 });
assert.deepEqual(documents.map((record) => record.id).sort(), truth.documents);
assert.ok(documents.every((record) => record._nango_metadata.last_action === "ADDED"));
const cursor = documents.at(-1)._nango_metadata.cursor;

// One is changed by an action; the next run finds that, and nothing else.
const one = documents.find((record) => record.type === "component") ?? documents[0];
await nango.triggerAction(key, id, "update-document", {
  id: Number(one.id),
  name: "Renamed by a journey",
  expected_modified_at: one.modified_at,
});
const now = await runSync(key, "documents", id);
assert.deepEqual(now.latestResult.Document, { added: 0, updated: 1, deleted: 0 });
const { records } = await nango.listRecords({ ...at, model: "Document", cursor, filter: "updated" });
assert.deepEqual(records.map((record) => [record.id, record.name]), [[one.id, "Renamed by a journey"]]);

// Gone.
await nango.deleteConnection(key, id);
await refused(nango.listRecords({ ...at, model: "Document" }), 400, "unknown_connection");
await refused(nango.get({ ...at, endpoint: "/api/v2/documents" }), 400, "server_error");
console.log("done");
