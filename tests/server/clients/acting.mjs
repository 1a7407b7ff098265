// Actions: while somebody waits, and later.
import { assert, calls, connectShop, nango, raw, refused, until } from "./common.mjs";

const key = "acting-shop";
await nango.createIntegration({ provider: "shop", unique_key: key });
const id = await connectShop(key);
const at = { "connection-id": id, "provider-config-key": key };
const act = (name, input) => nango.triggerAction(key, id, name, input);

// While somebody waits.
assert.deepEqual(await act("double", { number: 4 }), { twice: 8 });
assert.deepEqual(await act("order", { thing: "ü", n: [1, null] }), { ordered: { thing: "ü", n: [1, null] } });
assert.ok((await calls()).includes("POST /orders"));

// What goes wrong.
await refused(act("no-such", {}), 404, "not_found");
await refused(nango.triggerAction(key, "nobody", "double", { number: 1 }), 400, "unknown_connection");
await assert.rejects(act("refuse", {}), ({ response }) => {
  assert.deepEqual([response.status, response.data.error.code], [500, "action_script_runtime_error"]);
  assert.match(JSON.stringify(response.data.error.payload), /not today/);
  return true;
});
await assert.rejects(act("lost", {}), ({ response }) => {
  const { code, payload, upstream } = response.data.error;
  assert.deepEqual([response.status, code, payload], [424, "script_http_error", { why: "gone" }]);
  assert.deepEqual([upstream.status, upstream.body, upstream.headers["x-ratelimit-left"]], [404, { why: "gone" }, "9"]);
  assert.ok(!("x-why" in upstream.headers));
  return true;
});
await assert.rejects(act("stumble", {}), ({ response }) => {
  const { code, payload } = response.data.error;
  assert.deepEqual([response.status, code], [500, "script_internal_error"]);
  assert.deepEqual(Object.keys(payload).sort().slice(0, 3), ["code", "message", "name"].slice(0, 3));
  return true;
});
await refused(act("double", { number: "four" }), 400, "invalid_action_input"); // ours; the reference runtime lets it through
const bare = await raw("POST", "/action/trigger", { action_name: "double", input: { number: 1 } });
assert.deepEqual([bare.status, bare.body.error.code], [400, "invalid_headers"]);

// Later: one after the other, each with its own result.
const left = [];
for (let number = 0; number < 3; number += 1) left.push(await nango.triggerActionAsync(key, id, "double", { number, seconds: 0.3 }));
for (const { id: call, statusUrl } of left) {
  assert.match(call, /^[0-9a-f-]{36}$/);
  assert.equal(statusUrl, `/action/${call}`);
}
await refused(nango.getAsyncActionResult({ id: left[2].id }), 404, "not_found");
const result = (call) => until(() => nango.getAsyncActionResult({ id: call.id }).catch(() => undefined));
assert.deepEqual(await Promise.all(left.map(result)), [{ twice: 0 }, { twice: 2 }, { twice: 4 }]);
assert.deepEqual(await nango.getAsyncActionResult({ statusUrl: left[1].statusUrl }), { twice: 2 });
const accepted = await raw("POST", "/action/trigger", { action_name: "double", input: { number: 1 } }, { ...at, "x-async": "true" });
assert.deepEqual([accepted.status, accepted.headers.get("location")], [202, accepted.body.statusUrl]);

// A failure is told when the result is fetched.
const lost = await nango.triggerActionAsync(key, id, "lost", {});
const failure = await until(() =>
  nango.getAsyncActionResult({ id: lost.id }).then(
    () => assert.fail("it cannot work"),
    ({ response }) => (response.status === 404 ? undefined : response),
  ),
);
assert.deepEqual([failure.status, failure.data.error.code], [424, "script_http_error"]);
await refused(nango.getAsyncActionResult({ id: "00000000-0000-4000-8000-000000000000" }), 404, "not_found");
await refused(nango.getAsyncActionResult({ id: "nonsense" }), 400, "invalid_uri_params");

// What there is.
const own = (await nango.getScriptsConfig()).find((each) => each.providerConfigKey === key);
assert.deepEqual(own.actions.map((each) => each.name).sort(), ["double", "lost", "order", "refuse", "stumble"]);
assert.deepEqual(own.syncs.map((each) => each.name).sort(), ["events", "things"]);
const tools = (await nango.getScriptsConfig("openai")).data;
assert.ok(tools.some((each) => each.name === "double" && each.parameters.properties.number));
await nango.deleteConnection(key, id);
await refused(act("double", { number: 4 }), 400, "unknown_connection");
console.log("done");
