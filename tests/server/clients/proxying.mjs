// The provider's API through the proxy: what goes up, what comes back, and nothing held whole.
import { Readable } from "node:stream";
import { assert, base, calls, connectShop, nango, raw, refused } from "./common.mjs";

const key = "proxying-shop";
await nango.createIntegration({ provider: "shop", unique_key: key });
const at = { providerConfigKey: key, connectionId: await connectShop(key) };
const path = new URL(base).pathname;
const body = (answer) => Buffer.from(answer.data.body, "base64").toString();

// Addresses and parameters.
const target = async (more) => (await nango.get({ ...at, ...more })).data.target.slice(path.length);
assert.equal(await target({ endpoint: "echo" }), "/echo");
assert.equal(await target({ endpoint: "/echo?x=1&y=a%20b" }), "/echo?x=1&y=a%20b");
const query = new URLSearchParams((await target({ endpoint: "/echo", params: { a: "1", b: ["x", "y"], c: "ü&=" } })).split("?")[1]);
assert.deepEqual(Object.fromEntries(query), { a: "1", b: "x,y", c: "ü&=" });
const written = await target({ endpoint: "/echo", params: "a=1&a=2&filter[x]=3" });
assert.equal(decodeURIComponent(written), "/echo?a=1&a=2&filter[x]=3");
assert.equal(await target({ endpoint: "/deep/er%20path/%C3%BC" }), "/deep/er%20path/%C3%BC");

// Headers: the caller's beat the definition's; nothing else of the caller's goes up.
const { headers } = (await nango.get({ ...at, endpoint: "/echo", headers: { "X-Plan": "large", "X-Own": "1" } })).data;
assert.deepEqual([headers["x-plan"], headers["x-own"], headers["x-api-key"]], ["large", "1", "key-one"]);
assert.deepEqual(Object.keys(headers).filter((name) => /nango|connection-id|provider-config|retries|^authorization$/.test(name)), []);
assert.equal((await nango.get({ ...at, endpoint: "/echo" })).data.headers["x-plan"], "small");

// Every method with every kind of body.
const given = { hello: "wörld", n: [1, 2.5, null, true], deep: { "": "" } };
for (const method of ["post", "put", "patch", "delete"]) {
  for (const answer of [
    await nango[method]({ ...at, endpoint: "/echo", data: given }),
    await nango.proxy({ ...at, method: method.toUpperCase(), endpoint: "/echo", data: given }),
  ]) {
    assert.equal(answer.data.method, method.toUpperCase());
    assert.deepEqual(JSON.parse(body(answer)), given);
    assert.match(answer.data.headers["content-type"], /^application\/json/);
  }
}
assert.equal((await nango.post({ ...at, endpoint: "/echo" })).status, 200);
assert.equal((await nango.delete({ ...at, endpoint: "/echo" })).data.length, 0);
const typed = (type, data) => nango.post({ ...at, endpoint: "/echo", data, headers: { "Content-Type": type } });
for (const [type, data] of [
  ["application/x-www-form-urlencoded", "a=1&b=%C3%BC"],
  ["text/xml", "<a>ü</a>"],
  ["text/plain", "just text"],
  ["application/octet-stream", Buffer.from([0, 1, 254, 255])],
]) {
  const answer = await typed(type, data);
  assert.equal(answer.data.headers["content-type"].split(";")[0], type);
  assert.deepEqual(Buffer.from(answer.data.body, "base64"), Buffer.from(data));
}
const fields = new FormData();
fields.append("file", new Blob([new Uint8Array([0, 255])]), "ü.bin");
fields.append("x", "1");
const sent = await nango.post({ ...at, endpoint: "/echo", data: fields });
const received = await new Response(Buffer.from(sent.data.body, "base64"), {
  headers: { "content-type": sent.data.headers["content-type"] },
}).formData();
assert.equal(received.get("x"), "1");
assert.deepEqual([...new Uint8Array(await received.get("file").arrayBuffer())], [0, 255]);

// Statuses and errors as the provider gives them.
assert.deepEqual((await nango.get({ ...at, endpoint: "/created" })).data, { made: true });
assert.equal((await nango.delete({ ...at, endpoint: "/gone" })).status, 204);
await assert.rejects(nango.get({ ...at, endpoint: "/missing" }), ({ response }) => {
  assert.deepEqual([response.status, response.data, response.headers["x-why"]], [404, { why: "gone" }, "1"]);
  return true;
});
await assert.rejects(nango.post({ ...at, endpoint: "/broken", data: {} }), ({ response }) => {
  assert.deepEqual([response.status, response.data, response.headers["content-type"]], [422, "<no/>", "application/xml"]);
  return true;
});

// Retries: only as many as asked for.
const status = (promise) => promise.then((answer) => answer.status, (error) => error.response.status);
assert.equal(await status(nango.get({ ...at, endpoint: "/flaky?n=1" })), 503);
assert.equal((await nango.get({ ...at, endpoint: "/flaky?n=2", retries: 2 })).data.tries, 2);
assert.equal(await status(nango.get({ ...at, endpoint: "/conflict?n=1", retries: 2 })), 409);
assert.equal((await nango.get({ ...at, endpoint: "/conflict?n=2", retries: 2, retryOn: [409] })).data.tries, 2);
assert.equal((await calls()).filter((call) => call === "GET /flaky?n=1").length, 1);

// Another base.
const other = await nango.get({ ...at, endpoint: "/echo", baseUrlOverride: base });
assert.equal(other.data.target, `${path}/echo`);

// Bytes, packed, in pieces, and more than anybody wants to hold.
const binary = await nango.get({ ...at, endpoint: "/binary", responseType: "arraybuffer" });
assert.deepEqual(Buffer.from(binary.data), Buffer.from(Array.from({ length: 256_000 }, (_, n) => n % 256)));
assert.deepEqual((await nango.get({ ...at, endpoint: "/packed" })).data, { packed: true });
assert.deepEqual((await nango.get({ ...at, endpoint: "/packed", decompress: true })).data, { packed: true });
const began = Date.now();
const pieces = await nango.get({ ...at, endpoint: "/pieces", responseType: "stream" });
assert.equal(pieces.headers["x-own"], "yes");
let text = "";
let first;
for await (const piece of pieces.data) {
  first ??= Date.now() - began;
  text += piece;
}
assert.equal(text, [0, 1, 2, 3, 4].map((n) => `piece ${n}\n`).join(""));
assert.ok(Date.now() - began - first >= 500, "the first piece came with the last");
const huge = await nango.get({ ...at, endpoint: "/huge", responseType: "stream" });
let length = 0;
for await (const piece of huge.data) length += piece.length;
assert.equal(length, 100 * 1024 * 1024);
const up = 30 * 1024 * 1024;
assert.equal((await typed("application/octet-stream", Buffer.alloc(up, 7))).data.length, up);
const flow = Readable.from((function* () { for (let n = 0; n < 8; n += 1) yield Buffer.alloc(65536, n); })());
const flowed = await typed("application/octet-stream", flow);
assert.equal(flowed.data.length, 8 * 65536);

// What is not the provider's refusal but ours.
await refused(nango.get({ ...at, providerConfigKey: "no-such", endpoint: "/echo" }), 404, "unknown_provider_config");
await refused(nango.get({ ...at, connectionId: "nobody", endpoint: "/echo" }), 400, "server_error");
const unnamed = await raw("GET", "/proxy/echo");
assert.deepEqual([unnamed.status, unnamed.body.error.code], [400, "invalid_headers"]);
await assert.rejects(nango.get({ ...at, endpoint: "/echo", baseUrlOverride: "http://127.0.0.1:9" }), ({ response }) => {
  assert.equal(response.status, 500);
  assert.deepEqual(Object.keys(response.data).sort(), ["code", "message", "method", "status"]);
  return true;
});
console.log("done");
