// Consent in another window, as the reference runtime's client asks for it: a WebSocket hears how it ended.
(() => {
  // The page at the end of a consent that went well closes its window.
  document.addEventListener("DOMContentLoaded", () => {
    if (document.querySelector("[data-close-window]")) setTimeout(() => window.close(), 1500);
  });

  const SIZE = { width: 500, height: 700 };

  // Opens the window at once, which a browser allows in answer to a click only. Resolves to what the server tells:
  // {connectionId, providerConfigKey, isPending}; rejects with {code, message}. `signal` stops it.
  connectForm.consent = (place, { base, watchWindow, signal }) => {
    const left = Math.max(0, (screen.width - SIZE.width) / 2);
    const top = Math.max(0, (screen.height - SIZE.height) / 2);
    const popup = open("", "_blank", `width=${SIZE.width},height=${SIZE.height},left=${left},top=${top},scrollbars=yes,resizable=yes`);
    if (!popup) return Promise.reject({ code: "blocked_by_browser", message: "The browser blocked the window." });
    const address = new URL(`${base}/`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    return new Promise((resolve, reject) => {
      let ended = false;
      const watching = watchWindow ? setInterval(() => popup.closed && setTimeout(() => end(reject, closed), 1000), 500) : 0;
      const closed = { code: "window_closed", message: "The window was closed." };

      function end(settle, value) {
        if (ended) return;
        ended = true;
        clearInterval(watching);
        socket.close();
        if (value?.connectionId === undefined) popup.close(); // after a success it says so, and closes by itself
        settle(value);
      }

      signal.addEventListener("abort", () => end(reject, closed));
      socket.onerror = () => end(reject, { code: "unreachable", message: "The server could not be reached." });
      socket.onclose = () => end(reject, { code: "expired", message: "The server stopped waiting for the consent." });
      socket.onmessage = ({ data }) => {
        const told = JSON.parse(data);
        if (told.message_type === "connection_ack") popup.location = place(told.ws_client_id);
        else if (told.message_type === "error") end(reject, { code: told.error_type, message: told.error_desc });
        else if (told.message_type === "success")
          end(resolve, { connectionId: told.connection_id, providerConfigKey: told.provider_config_key, isPending: told.is_pending });
      };
    });
  };
})();
