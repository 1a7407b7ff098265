// As much of a browser as the page's client needs for a consent in another window: a WebSocket, a window, cookies.
import { get } from "node:http";

globalThis.WebSocket ??= class {
  #socket;
  #closed = false;

  constructor(url) {
    const headers = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": btoa("0123456789abcdef") };
    get(String(url).replace(/^ws/, "http"), { headers }).on("upgrade", (_, socket, head) => {
      this.#socket = socket;
      let bytes = head;
      const read = () => {
        while (bytes.length >= 2) {
          const long = (bytes[1] & 127) === 126;
          if (long && bytes.length < 4) return;
          const from = long ? 4 : 2;
          const to = from + (long ? bytes.readUInt16BE(2) : bytes[1] & 127);
          if (bytes.length < to) return;
          if ((bytes[0] & 15) === 1) this.onmessage?.({ data: bytes.subarray(from, to).toString() });
          bytes = bytes.subarray(to);
        }
      };
      socket.on("error", () => {}).on("data", (more) => {
        bytes = Buffer.concat([bytes, more]);
        read();
      });
      read();
      if (this.#closed) socket.destroy();
    });
  }

  close() {
    this.#closed = true;
    this.#socket?.destroy();
  }
};

/** Follow redirects from there as a browser does, with its cookies; gives the last page. */
export async function visit(url) {
  const jar = new Map();
  for (let hop = 0; hop < 10; hop += 1) {
    const { host } = new URL(url);
    const cookie = [...(jar.get(host) ?? [])].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", headers: cookie ? { cookie } : {} });
    const kept = jar.get(host) ?? new Map();
    for (const line of answer.headers.getSetCookie()) kept.set(...line.split(";")[0].split(/=(.*)/s).slice(0, 2));
    jar.set(host, kept);
    if (answer.status < 300 || answer.status >= 400) return { url, status: answer.status, text: await answer.text() };
    url = new URL(answer.headers.get("location"), url).href;
  }
  throw new Error("too many redirects");
}

export const opened = []; // every page that a window has shown at last

globalThis.window = {
  screen: { width: 1280, height: 800 },
  open: () => ({
    closed: false,
    close() {
      this.closed = true;
    },
    set location(url) {
      visit(url).then((page) => opened.push(page), (error) => opened.push({ status: 0, text: String(error) }));
    },
  }),
};
