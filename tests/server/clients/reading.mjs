// The records of a connection: pages, cursors, filters, what changed since, and what is emptied.
import { assert, connectShop, control, nango, pause, readAll, refused, runSync, things } from "./common.mjs";

const key = "reading-shop";
await nango.createIntegration({ provider: "shop", unique_key: key });
const id = await connectShop(key);
const query = { providerConfigKey: key, connectionId: id, model: "Thing" };
const list = async (more) => (await nango.listRecords({ ...query, ...more })).records;
const ids = (records) => records.map((record) => Number(record.id)).sort((a, b) => a - b);
assert.deepEqual(await nango.listRecords(query), { records: [], next_cursor: null });
assert.deepEqual(await nango.listRecords({ ...query, model: "Unknown" }), { records: [], next_cursor: null });

await control({ things: things(250) });
await runSync(key, "things", id);

// Until exhausted: everything once, in the order of change.
for (const limit of [undefined, 7, 250, 1000]) assert.deepEqual(ids(await readAll({ ...query, limit })), things(250).map((each) => each.id));
assert.equal((await list({})).length, 100);
const all = await readAll(query);
const [first] = all;
assert.equal(typeof first.id, "string");
assert.equal(first.name, `Thing ${first.id}`);
const meta = first._nango_metadata;
assert.deepEqual(Object.keys(meta).sort(), ["cursor", "deleted_at", "first_seen_at", "last_action", "last_modified_at", "pruned_at"]);
assert.deepEqual([meta.last_action, meta.deleted_at, meta.pruned_at], ["ADDED", null, null]);
const dates = all.map((record) => Date.parse(record._nango_metadata.last_modified_at));
assert.deepEqual(dates, [...dates].sort((a, b) => a - b));

// Any record's cursor goes on after it.
const rest = await list({ cursor: all[200]._nango_metadata.cursor });
assert.deepEqual(rest, all.slice(201));
const end = all.at(-1)._nango_metadata.cursor;
assert.deepEqual(await nango.listRecords({ ...query, cursor: end }), { records: [], next_cursor: null });

// The same again changes nothing; changes come after the cursor, deleted ones too.
await runSync(key, "things", id);
assert.deepEqual(await list({ cursor: end }), []);
await pause(20);
const since = new Date().toISOString();
await pause(20);
await control({
  things: [...things(248).filter(({ id }) => id !== 5), { id: 6, name: "Six" }, { id: 300, name: "New" }].filter(({ id, name }) => id !== 6 || name === "Six"),
});
await runSync(key, "things", id);
const changed = await list({ cursor: end });
const actions = Object.fromEntries(changed.map((record) => [record.id, record._nango_metadata.last_action]));
assert.deepEqual(actions, { 5: "DELETED", 6: "UPDATED", 248: "DELETED", 249: "DELETED", 300: "ADDED" });
const five = changed.find((record) => record.id === "5");
assert.ok(Date.parse(five._nango_metadata.deleted_at));
assert.equal(five.name, "Thing 5");
const six = changed.find((record) => record.id === "6")._nango_metadata;
assert.ok(six.first_seen_at < six.last_modified_at);
assert.deepEqual(ids(await list({ modifiedAfter: since })), [5, 6, 248, 249, 300]);
assert.deepEqual(ids(await list({ delta: since, filter: "added" })), [300]);
assert.deepEqual(ids(await list({ modifiedAfter: "2026-01-01T00:00:00Z", limit: 3 })).length, 3);

// Filters, alone and together.
const filtered = async (filter) => ids(await readAll({ ...query, filter, limit: 10_000 }));
assert.deepEqual(await filtered("deleted"), [5, 248, 249]);
assert.deepEqual(await filtered("UPDATED"), [6]);
assert.equal((await filtered("added")).length, 247);
assert.deepEqual(await filtered("updated,deleted"), [5, 6, 248, 249]);
assert.equal((await filtered("added,deleted")).length, 250);
assert.equal((await filtered("added,updated,deleted")).length, 251);

// By id.
assert.deepEqual(ids(await list({ ids: ["1", "2", "999"] })), [1, 2]);
assert.deepEqual(ids(await list({ ids: ["5"] })), [5]);
assert.deepEqual(ids(await list({ ids: ["1", "5", "6"], filter: "updated" })), [6]);

// Emptied up to a cursor: ids and places stay, and the next run fills them again without a change.
const [one, two, three] = await list({ limit: 3 });
const emptied = await nango.pruneRecords({ ...query, untilCursor: two._nango_metadata.cursor });
assert.deepEqual(emptied, { count: 2, has_more: false });
const [pruned, , kept] = await list({ limit: 3 });
assert.deepEqual([pruned.id, pruned.name, kept.name], [one.id, undefined, three.name]);
assert.equal(pruned._nango_metadata.cursor, one._nango_metadata.cursor);
assert.ok(Date.parse(pruned._nango_metadata.pruned_at));
await runSync(key, "things", id);
const [filled] = await list({ ids: [one.id] });
assert.deepEqual([filled.name, filled._nango_metadata.cursor], [one.name, one._nango_metadata.cursor]);
const latest = (await readAll({ ...query, limit: 10_000 })).at(-1)._nango_metadata.cursor;
assert.equal((await nango.pruneRecords({ ...query, untilCursor: latest, limit: 50 })).has_more, true);

// What is wrong.
await refused(nango.listRecords({ ...query, connectionId: "nobody" }), 400, "unknown_connection");
await refused(nango.listRecords({ ...query, model: "lower" }), 400, "invalid_query_params");
await refused(nango.listRecords({ ...query, limit: 10_001 }), 400, "invalid_query_params");
await refused(nango.listRecords({ ...query, modifiedAfter: "2026-01-01" }), 400, "invalid_query_params");
await refused(nango.listRecords({ ...query, filter: "changed" }), 400, "invalid_query_params");
await assert.rejects(nango.listRecords({ ...query, cursor: "bm8=" }), (error) => error.response.status === 400);
await nango.deleteConnection(key, id);
await refused(nango.listRecords(query), 400, "unknown_connection");
console.log("done");
