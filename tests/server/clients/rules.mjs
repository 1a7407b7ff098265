// The ground rules of every route: who may call, how it is asked, how it refuses.
import { assert, base, connectShop, control, host, Nango, nango, page, raw, refused, refusedPage, secretKey, session, things, until } from "./common.mjs";

const key = "rules-shop";
await nango.createIntegration({ provider: "shop", unique_key: key });
await control({ things: things(3) });
const id = await connectShop(key);

// Keys.
const code = async (path, headers, method = "GET") => {
  const answer = await fetch(host + path, { method, headers });
  const { error } = await answer.json();
  assert.ok(Number(answer.headers.get("x-ratelimit-limit")) > 0);
  return [answer.status, error.code];
};
assert.deepEqual(await code("/integrations", {}), [401, "missing_auth_header"]);
assert.deepEqual(await code("/integrations", { authorization: secretKey }), [401, "malformed_auth_header"]);
assert.deepEqual(await code("/integrations", { authorization: "Bearer nonsense" }), [401, "invalid_secret_key_format"]);
const stranger = new Nango({ host: `${host}/`, secretKey: "11111111-1111-4111-8111-111111111111" });
await refused(stranger.listIntegrations(), 401, "unknown_account");
const slashed = new Nango({ host: `${host}/`, secretKey });
assert.ok((await slashed.listIntegrations()).configs.some((each) => each.unique_key === key));

// What every answer carries.
const listed = await raw("GET", "/connections?integrationId=rules-shop");
for (const name of ["limit", "remaining", "reset"]) assert.ok(Number(listed.headers.get(`x-ratelimit-${name}`)) > 0, name);
assert.ok(Number(listed.headers.get("x-ratelimit-reset")) > Date.now() / 1000 - 5);
assert.equal(listed.headers.get("access-control-allow-origin"), "*");
assert.match(listed.headers.get("content-type"), /^application\/json/);

// Slashes, empty bodies, headers that nobody knows.
for (const path of ["/connections", "/connections/", "/providers/shop/", "/health", "/integrations/"]) {
  assert.equal((await raw("GET", path, undefined, { "x-unknown": "1", "content-type": "application/json" })).status, 200, path);
}
assert.deepEqual((await raw("GET", "/health")).body, { result: "ok" });

// What does not fit is refused, with its place.
const bad = async (method, path, body, headers) => {
  const { status, body: said } = await raw(method, path, body, headers);
  return [status, said.error.code, said.error.errors?.[0]?.path];
};
assert.deepEqual((await bad("GET", "/connections?nonsense=1")).slice(0, 2), [400, "invalid_query_params"]);
assert.deepEqual(await bad("GET", "/connections?limit=0"), [400, "invalid_query_params", ["limit"]]);
assert.deepEqual((await bad("POST", "/integrations", { provider: "shop", unique_key: "x", more: 1 })).slice(0, 2), [400, "invalid_body"]);
assert.deepEqual(await bad("POST", "/integrations", { provider: "shop", unique_key: "ü" }), [400, "invalid_body", ["unique_key"]]);
assert.deepEqual((await bad("POST", "/integrations", { provider: "no-such", unique_key: "x" })).slice(0, 2), [400, "invalid_body"]);
assert.deepEqual(
  await bad("POST", "/connect/sessions", { end_user: { id: "u" }, allowed_integrations: ["no-such"] }),
  [400, "invalid_body", ["allowed_integrations", "0"]],
);
assert.deepEqual((await bad("GET", `/integrations/${encodeURIComponent("ü")}`)).slice(0, 2), [400, "invalid_uri_params"]);
assert.deepEqual((await bad("GET", "/records?model=Thing")).slice(0, 2), [400, "invalid_headers"]);
assert.deepEqual((await bad("GET", "/no-such-place")).slice(0, 2), [404, "not_found"]);
const sent = async (type, body) => {
  const headers = { authorization: `Bearer ${secretKey}`, "content-type": type };
  const answer = await fetch(`${host}/connect/sessions`, { method: "POST", headers, body });
  return [answer.status, (await answer.json()).error.code];
};
assert.deepEqual(await sent("application/json", "{"), [400, "invalid_json"]);
assert.deepEqual(await sent("text/plain", "{}"), [415, "invalid_content_type"]);

// Old names and old ways still work.
const old = await raw("GET", `/connection/${id}?provider_config_key=${key}`);
assert.equal(old.body.credentials.apiKey, "key-one");
assert.ok((await raw("GET", "/connection")).body.connections.length >= 1);
const stays = async (mode) => {
  await nango.triggerSync(key, ["things"], id, mode);
  return until(async () => {
    const [now] = (await nango.syncStatus(key, ["things"], id)).syncs;
    return now.finishedAt && now.status !== "RUNNING" ? now : undefined;
  });
};
for (const mode of ["incremental", "full_refresh", "full_refresh_and_clear_cache", true, false]) {
  assert.equal((await stays(mode)).recordCount.Thing, 3, String(mode));
}
const named = { "provider-config-key": key, "connection-id": id };
assert.deepEqual((await raw("POST", "/sync/trigger", { syncs: ["things"] }, named)).body, { success: true });
assert.deepEqual((await bad("POST", "/sync/trigger", { syncs: ["things"] })).slice(0, 2), [400, "missing_provider_config_key"]);
const both = { syncs: ["things"], provider_config_key: key, connection_id: id, sync_mode: "incremental", opts: { reset: true } };
assert.deepEqual((await bad("POST", "/sync/trigger", both)).slice(0, 2), [400, "invalid_body"]);
assert.deepEqual(await nango.getEnvironmentVariables(), []);

// A session's token opens what a page needs, and nothing else.
const token = await session();
const bearer = { authorization: `Bearer ${token}` };
assert.equal((await raw("GET", "/providers", undefined, bearer)).status, 200);
for (const [method, path] of [["GET", "/connections"], ["GET", "/environment-variables"], ["GET", "/sync/status?syncs=*"], ["POST", "/connect/sessions"]]) {
  assert.equal((await raw(method, path, method === "POST" ? {} : undefined, bearer)).status, 401, path);
}
const chosen = page(token).auth(key, "mine", { params: { base }, credentials: { apiKey: "key-one" } });
await refusedPage(chosen, "invalid_query_params");

// A call of many at once is answered as one alone.
const many = await Promise.all(Array.from({ length: 60 }, () => nango.getConnection(key, id)));
assert.ok(many.every((each) => each.credentials.apiKey === "key-one"));
await nango.deleteIntegration(key);
console.log("done");
process.exit(0);
