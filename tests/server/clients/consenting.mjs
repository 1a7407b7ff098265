// Accounts whose owner consents at the provider, and those that are connected with what a service has.
import { assert, nango, page, refusedPage, session, stage, until } from "./common.mjs";
import { opened } from "./browser.mjs";

const { clients, submitted } = stage.authorization;
for (const [provider, client] of Object.entries(clients)) {
  const type = provider === "three-legged" ? "OAUTH1" : "OAUTH2";
  const { data } = await nango.createIntegration({ provider, unique_key: provider, credentials: { type, ...client } });
  assert.ok(!JSON.stringify(data).includes(client.client_secret));
  const asked = await nango.getIntegration({ uniqueKey: provider }, { include: ["credentials"] });
  assert.deepEqual([asked.data.credentials.type, asked.data.credentials.client_secret], [type, client.client_secret]);
}
for (const provider of Object.keys(submitted)) await nango.createIntegration({ provider, unique_key: provider });

// Consent in another window.
const token = await session();
const made = await page(token).auth("consenting");
assert.deepEqual([made.providerConfigKey, typeof made.connectionId], ["consenting", "string"]);
await until(() => opened.length === 1);
assert.equal(opened[0].status, 200);
const full = await nango.getConnection("consenting", made.connectionId);
assert.equal(full.credentials.type, "OAUTH2");
assert.ok(full.credentials.access_token && full.credentials.expires_at);
assert.ok(!("refresh_token" in full.credentials) && !("refresh_token" in full.credentials.raw));
const whole = await nango.getConnection("consenting", made.connectionId, false, true);
assert.equal(whole.credentials.access_token, full.credentials.access_token);
assert.ok(whole.credentials.refresh_token);
assert.equal(full.end_user.id, "u1");
const call = async (providerConfigKey, connectionId) => (await nango.get({ providerConfigKey, connectionId, endpoint: "/me" })).data;
assert.deepEqual(await call("consenting", made.connectionId), { you: "are known" });

// The token is handed out, and renewed when asked for.
assert.equal(await nango.getToken("consenting", made.connectionId), full.credentials.access_token);
const renewed = await nango.getToken("consenting", made.connectionId, true);
assert.notEqual(renewed, full.credentials.access_token);
assert.equal((await nango.getRawTokenResponse("consenting", made.connectionId)).access_token, renewed);
assert.deepEqual(await call("consenting", made.connectionId), { you: "are known" });

// OAuth 1.0a likewise.
const legs = await page(token).auth("three-legged");
const pair = await nango.getToken("three-legged", legs.connectionId);
assert.ok(pair.oAuthToken && pair.oAuthTokenSecret);
assert.deepEqual(await call("three-legged", legs.connectionId), { you: "are known" });

// Consent again: the same connection.
const again = await nango.createReconnectSession({ connection_id: made.connectionId, integration_id: "consenting" });
assert.equal((await page(again.data.token).reconnect("consenting")).connectionId, made.connectionId);

// What a window cannot do is told to the page.
await refusedPage(page(token).auth("no-such"), "unknown_provider_config");
const narrow = await session({ allowed_integrations: ["machine"] });
await refusedPage(page(narrow).auth("consenting"), "integration_not_allowed");

// Without a person.
const given = { machine: { type: "OAUTH2_CC" }, stepping: { type: "TWO_STEP" }, signing: { type: "JWT" } };
for (const [key, fields] of Object.entries(submitted)) {
  const { connectionId } = await page(token).auth(key, { credentials: { ...given[key], ...fields } });
  const { credentials } = await nango.getConnection(key, connectionId);
  assert.equal(credentials.type, given[key].type);
  assert.ok(credentials.token && credentials.expires_at);
  if (key !== "machine") assert.deepEqual(await call(key, connectionId), { you: "are known" });
  await nango.deleteConnection(key, connectionId);
}
await assert.rejects(
  page(token).auth("machine", { credentials: { type: "OAUTH2_CC", ...submitted.machine, client_secret: "wrong" } }),
  (error) => Boolean(error.type && error.message && !error.message.includes(submitted.machine.client_secret)),
);
console.log("done");
process.exit(0);
