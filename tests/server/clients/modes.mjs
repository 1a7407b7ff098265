// A customer connects accounts of every kind of credentials that a form can ask for.
import { assert, base, calls, nango, page, raw, refused, refusedPage, session, stage } from "./common.mjs";

for (const provider of ["shop", "till", "window", "safe"]) {
  const unique_key = `modes-${provider}`;
  const { data } = await nango.createIntegration({ provider, unique_key, display_name: `My ${provider}` });
  assert.deepEqual([data.unique_key, data.provider, data.display_name], [unique_key, provider, `My ${provider}`]);
}
const params = { base };
const pair = { username: "ann", password: "pass:word" };

// What a page needs to draw its form, read with the session's token alone.
const token = await session({ allowed_integrations: ["modes-shop", "modes-till"], tags: { Plan: "Gold" } });
const bearer = { authorization: `Bearer ${token}` };
const opened = await raw("GET", "/connect/session", undefined, bearer);
assert.equal(opened.status, 200);
assert.equal(opened.body.data.endUser.id, "u1");
assert.deepEqual(opened.body.data.allowed_integrations, ["modes-shop", "modes-till"]);
const listed = await raw("GET", "/integrations", undefined, bearer);
assert.deepEqual(listed.body.data.map((each) => each.unique_key).sort(), ["modes-shop", "modes-till"]);
const form = await raw("GET", "/providers/shop", undefined, bearer);
assert.equal(form.body.data.credentials.apiKey.secret, true);
assert.equal((await raw("GET", "/connect/session")).body.error.code, "invalid_connect_session_token_format");
assert.equal((await raw("GET", "/connections", undefined, bearer)).status, 401);

// One session connects several accounts.
const shop = await page(token).auth("modes-shop", { params, credentials: { apiKey: "key-one" } });
assert.deepEqual(Object.keys(shop).sort().slice(0, 2), ["connectionId", "providerConfigKey"]);
assert.match(shop.connectionId, /^[0-9a-f-]{36}$/);
const till = await page(token).auth("modes-till", { params, credentials: pair });
const everything = await session();
const open = await page(everything).create("modes-window", { params });
const safe = await page(everything).auth("modes-safe", { params, credentials: { type: "TWO_STEP", ...pair } });

// Each is used as it should be.
const sees = async (providerConfigKey, { connectionId }) =>
  (await nango.get({ providerConfigKey, connectionId, endpoint: "/echo" })).data.headers;
assert.equal((await sees("modes-shop", shop))["x-api-key"], "key-one");
assert.equal((await sees("modes-till", till)).authorization, `Basic ${btoa("ann:pass:word")}`);
assert.equal((await sees("modes-window", open)).authorization, undefined);
assert.match((await sees("modes-safe", safe)).authorization, /^Bearer token-\d+$/);

// Each is kept as it should be.
const kept = async (key, { connectionId }) => (await nango.getConnection(key, connectionId)).credentials;
assert.deepEqual(await kept("modes-shop", shop), { type: "API_KEY", apiKey: "key-one" });
assert.deepEqual(await kept("modes-till", till), { type: "BASIC", ...pair });
assert.deepEqual(await kept("modes-window", open), {});
const stepped = await kept("modes-safe", safe);
assert.deepEqual([stepped.type, stepped.username], ["TWO_STEP", "ann"]);
assert.match(stepped.token, /^token-\d+$/);
assert.ok(new Date(stepped.expires_at) > new Date());
assert.equal((await nango.getToken("modes-shop", shop.connectionId)).apiKey, "key-one");

// Asked for by name, a token is renewed.
const renewed = await nango.getConnection("modes-safe", safe.connectionId, true);
assert.notEqual(renewed.credentials.token, stepped.token);
assert.equal((await sees("modes-safe", safe)).authorization, `Bearer ${renewed.credentials.token}`);

// What is wrong is said, and nothing is kept of it.
const count = async () => (await nango.listConnections({ integrationId: "modes-shop" })).connections.length;
const wrong = { apiKey: "sesame" };
await refusedPage(page(everything).auth("modes-shop", { params, credentials: wrong }), "connection_test_failed");
await refusedPage(page(everything).auth("modes-till", { params, credentials: { ...pair, password: "x" } }), "connection_test_failed");
await refusedPage(page(everything).auth("modes-till", { params, credentials: { username: "ann" } }), "invalid_body");
await refusedPage(page(everything).auth("modes-nope", { params, credentials: wrong }), "unknown_provider_config");
await refusedPage(page(everything).auth("modes-till", { params, credentials: wrong }), "invalid_auth_mode");
await refusedPage(page(token).create("modes-window", { params }), "integration_not_allowed");
await refusedPage(page("nonsense").create("modes-window"), "invalid_connect_session_token_format");
await refusedPage(page(`nango_connect_session_${"0".repeat(64)}`).create("modes-window"), "unknown_connect_session_token");
const failed = page(everything).auth("modes-safe", { params, credentials: { type: "TWO_STEP", ...pair, password: "no" } });
await assert.rejects(failed, (error) => Boolean(error.type && error.message));
assert.equal(await count(), 1);
await refused(nango.createConnectSession({}), 400, "invalid_body");
await refused(nango.createConnectSession({ end_user: { id: "u" }, allowed_integrations: ["nope"] }), 400, "invalid_body");

// What the session presets beats the form.
const preset = await session({ integrations_config_defaults: { "modes-shop": { connection_config: { base } } } });
const forced = await page(preset).auth("modes-shop", {
  params: { base: "http://127.0.0.1:9" },
  credentials: { apiKey: "key-two" },
});
assert.equal((await nango.getConnection("modes-shop", forced.connectionId)).connection_config.base, base);

// Over, a session is of no use.
assert.equal((await raw("DELETE", "/connect/session", undefined, bearer)).status, 204);
await refusedPage(page(token).auth("modes-shop", { params, credentials: { apiKey: "key-one" } }), "unknown_connect_session_token");

// The browser may call from any page.
const preflight = await fetch(`${stage.host}/api-auth/api-key/modes-shop`, {
  method: "OPTIONS",
  headers: { origin: "https://app.example", "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
});
assert.ok(preflight.ok);
assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
assert.ok((await calls()).filter((call) => call === "GET /me").length >= 4);
console.log("done");
