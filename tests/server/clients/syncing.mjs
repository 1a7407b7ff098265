// Syncs of a connection: what starts by itself, trigger, status, pause, start, frequency, variants, reset.
import { assert, calls, connectShop, control, nango, pause, readAll, refused, runSync, statusOf, things, until } from "./common.mjs";

const key = "syncing-shop";
await nango.createIntegration({ provider: "shop", unique_key: key });
await control({ things: things(150), events: [{ id: 1, what: "a" }, { id: 2, what: "b" }] });
const id = await connectShop(key);
const at = { providerConfigKey: key, connectionId: id };
const status = () => statusOf(key, "things", id);

// One sync starts by itself, the other waits to be started.
const events = await until(async () => {
  const now = await statusOf(key, "events", id);
  return now.finishedAt && now.status === "SUCCESS" ? now : undefined;
});
assert.deepEqual(events.latestResult, { Event: { added: 2, updated: 0, deleted: 0 } });
assert.deepEqual([events.recordCount, events.checkpoint, events.latestExecutionStatus], [{ Event: 2 }, { after: 2 }, "SUCCESS"]);
assert.ok(new Date(events.nextScheduledSyncAt) > new Date());
const first = await status();
assert.deepEqual(
  [first.status, first.name, first.variant, first.connection_id, first.nextScheduledSyncAt],
  ["PAUSED", "things", "base", id, null],
);
assert.ok(!first.finishedAt && !first.latestResult);
assert.match(first.frequency, /h/);
assert.deepEqual((await nango.syncStatus(key, "*", id)).syncs.map((each) => each.name).sort(), ["events", "things"]);
assert.deepEqual((await nango.syncStatus(key, ["things", "no-such"], id)).syncs.length, 1);

// A trigger works while paused, and it stays paused.
await control({ seconds: 0.5 });
await nango.triggerSync(key, ["things"], id);
const running = await until(async () => {
  const now = await status();
  return now.status === "RUNNING" ? now : undefined;
});
assert.ok(!running.finishedAt);
await nango.triggerSync(key, ["things"], id); // dropped: it runs already
const ran = await until(async () => {
  const now = await status();
  return now.finishedAt && now.status !== "RUNNING" ? now : undefined;
});
assert.equal(ran.status, "PAUSED");
assert.deepEqual(ran.latestResult, { Thing: { added: 150, updated: 0, deleted: 0 } });
await pause(300);
assert.equal((await calls()).filter((call) => call.startsWith("GET /things")).length, 2);

// Changes are found: added, updated, deleted.
await control({ seconds: 0, things: [...things(145), { id: 3, name: "Other" }, { id: 900, name: "New" }].filter((each, n) => n !== 3) });
const second = await runSync(key, "things", id);
assert.deepEqual(second.latestResult.Thing, { added: 1, updated: 1, deleted: 5 });
assert.deepEqual(second.recordCount, { Thing: 146 });

// Started, it waits for its slot; paused, a run is stopped.
await nango.startSync(key, ["things"], id);
await until(async () => (await status()).status === "SUCCESS");
await control({ seconds: 2 });
await nango.triggerSync(key, ["things"], id);
await until(async () => (await status()).status === "RUNNING");
await nango.pauseSync(key, ["things"], id);
const stopped = await until(async () => {
  const now = await status();
  return now.status === "PAUSED" ? now : undefined;
});
assert.equal(stopped.latestExecutionStatus, "STOPPED");
assert.equal(stopped.recordCount.Thing, 146);
await nango.pauseSync(key, ["things"], id);
await control({ seconds: 0 });
await nango.startSync(key, [{ name: "things", variant: "base" }], id);
assert.equal((await status()).status, "ERROR");
assert.equal((await runSync(key, "things", id)).status, "SUCCESS");

// A failed run is told with the connection until one succeeds; what was saved stays.
await control({ failing: [400] });
const failed = await runSync(key, "things", id);
assert.deepEqual([failed.status, failed.latestExecutionStatus, failed.recordCount.Thing], ["ERROR", "STOPPED", 146]);
const errors = async () => (await nango.listConnections({ connectionId: id })).connections[0].errors.map((each) => each.type);
assert.deepEqual(await errors(), ["sync"]);
await runSync(key, "things", id);
assert.deepEqual(await errors(), []);

// Frequency, for this connection only.
const other = await connectShop(key);
const set = (text) => nango.updateSyncConnectionFrequency(key, "things", id, text);
assert.deepEqual(await set("every 2 hours"), { frequency: "2 hours" });
assert.equal((await status()).frequency, "every 2 hours");
assert.ok(new Date((await status()).nextScheduledSyncAt) - new Date() <= 2 * 3600_000);
assert.equal((await statusOf(key, "things", other)).frequency, first.frequency);
assert.deepEqual(await set("every hour"), { frequency: "1h" });
for (const wrong of ["sometimes", "every 5 seconds", "hour"]) await refused(set(wrong), 400, "invalid_body");
await set(null);
assert.equal((await status()).frequency, first.frequency);
await refused(nango.updateSyncConnectionFrequency(key, "no-such", id, "1h"), 400, "unknown_sync");
await refused(nango.updateSyncConnectionFrequency(key, "things", "nobody", "1h"), 400, "unknown_connection");

// A variant is a sync of its own, with records of its own.
const named = { provider_config_key: key, connection_id: id, name: "things", variant: "german" };
await control({ things: things(2) });
const made = await nango.createSyncVariant(named);
assert.deepEqual([made.name, made.variant, typeof made.id], ["things", "german", "string"]);
await refused(nango.createSyncVariant(named), 400, "sync_variant_already_exists");
await refused(nango.createSyncVariant({ ...named, variant: "base" }), 400, "invalid_variant");
await refused(nango.createSyncVariant({ ...named, name: "no-such" }), 400, "unknown_sync");
const german = { name: "things", variant: "german" };
await runSync(key, german, id);
assert.equal((await statusOf(key, "things::german", id)).recordCount.Thing, 2);
assert.equal((await readAll({ ...at, model: "Thing", variant: "german" })).length, 2);
assert.equal((await readAll({ ...at, model: "Thing", variant: "base", filter: "added,updated" })).length, 146);
assert.deepEqual(await nango.deleteSyncVariant(named), { success: true });
await refused(nango.deleteSyncVariant(named), 404, "not_found");

// Reset with emptyCache: everything is new. Without reset it does nothing.
const seen = async () => (await readAll({ ...at, model: "Event" })).map((each) => each._nango_metadata.first_seen_at);
const before = await seen();
await runSync(key, "events", id, { emptyCache: true });
assert.deepEqual(await seen(), before);
const emptied = await runSync(key, "events", id, { reset: true, emptyCache: true });
assert.deepEqual(emptied.latestResult.Event, { added: 2, updated: 0, deleted: 0 });
assert.ok((await seen()).every((date) => date > before[1]));

// Wrong names.
await refused(nango.triggerSync(key, ["no-such"], id), 400, "no_syncs_found");
await refused(nango.triggerSync("no-such", ["things"], id), 400, "unknown_provider_config");
await refused(nango.pauseSync(key, ["things"], "nobody"), 404, "unknown_connection");
await refused(nango.syncStatus(key, "*", "nobody"), 400, "invalid_body");

// All connections at once, and all syncs.
await nango.pauseSync(key, [], undefined);
for (const each of [id, other]) {
  const { syncs } = await nango.syncStatus(key, "*", each);
  assert.deepEqual(syncs.map((sync) => sync.status), ["PAUSED", "PAUSED"]);
}
await nango.deleteConnection(key, id);
await refused(nango.triggerSync(key, ["things"], id), 404, "unknown_connection");
console.log("done");
