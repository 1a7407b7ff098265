// The connect form: it gets its token from the page that frames it or from its link, asks the server what to show,
// and tells the page how it went.
(() => {
  const framed = window.parent !== window;
  const KEY = "connectors-connect-session";
  const PATIENCE = 10_000; // milliseconds in which a page that frames it has to give a token
  const query = new URLSearchParams(location.search);
  let token = null;
  let host = "*"; // the origin that gave the token
  let page, card, screenPlace;
  let shown = null; // AbortController of what is on the screen
  let busy = false;
  let pressed = false;

  if (framed) document.documentElement.classList.add("framed");
  document.addEventListener("DOMContentLoaded", () => {
    page = document.querySelector("main#connect");
    if (page) start();
  });

  const part = (id) => document.getElementById(id);
  const say = (text) => (part("connect-said").textContent = text);
  const tell = (type, payload) => framed && window.parent.postMessage(payload ? { type, payload } : { type }, host);

  function start() {
    card = part("connect-card");
    screenPlace = part("connect-screen");
    if (framed) {
      card.setAttribute("role", "dialog");
      card.setAttribute("aria-modal", "true");
      card.setAttribute("aria-labelledby", "connect-title");
      part("connect-close").hidden = false;
      document.addEventListener("keydown", (event) => {
        if (event.key === "Tab") keepInside(event);
        else if (event.key === "Escape" && !part("connect-discard").open) {
          event.preventDefault(); // or it would close the question at once
          leave();
        }
      });
      page.addEventListener("pointerdown", (event) => event.target === page && leave());
    }
    part("connect-close").addEventListener("click", leave);
    part("connect-back").addEventListener("click", () => load());
    part("connect-keep").addEventListener("click", () => part("connect-discard").close());
    part("connect-leave").addEventListener("click", close);
    for (const kind of ["pointerdown", "pointerup", "pointercancel"])
      window.addEventListener(kind, () => (pressed = kind === "pointerdown"), true);
    window.addEventListener("message", hear);
    window.addEventListener("beforeunload", (event) => !framed && isTouched() && event.preventDefault());
    take(query.get("session_token") || remembered());
    if (query.has("session_token")) {
      query.delete("session_token"); // it leaves the address bar and the history
      history.replaceState(null, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
    }
    if (token) load();
    else if (!framed) trouble("direct");
    else setTimeout(() => token || trouble("direct"), PATIENCE);
    tell("ready");
  }

  function hear({ source, origin, data }) {
    if (source !== window.parent || data?.type !== "session_token" || typeof data.sessionToken !== "string") return;
    host = origin === "null" ? "*" : origin;
    if (data.sessionToken === token) return;
    take(data.sessionToken);
    load();
  }

  function take(given) {
    token = given;
    try {
      if (token && !framed) sessionStorage.setItem(KEY, token); // so that the page can be loaded again
    } catch {
      // it holds for this page then
    }
  }

  function remembered() {
    try {
      return framed ? null : sessionStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  async function ask(path, body) {
    const options = { headers: { Authorization: `Bearer ${token}`, Accept: "application/json" } };
    if (body) Object.assign(options, { method: "POST", body: JSON.stringify(body) }).headers["Content-Type"] = "application/json";
    const answer = await fetch(`${page.dataset.base}${path}`, options);
    const said = await answer.json().catch(() => ({}));
    if (answer.ok) return said;
    throw { status: answer.status, code: "unknown_error", message: "", ...said.error };
  }

  async function load(integration) {
    const asked = new URLSearchParams({ lang: page.dataset.lang, ...(integration && { integration }) });
    try {
      const { html } = await ask(`/connect/screen?${asked}`);
      show(html);
    } catch (error) {
      if (error.status === 401) expired(error);
      else trouble("offline", () => load(integration));
    }
  }

  function expired(error) {
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // nothing is there then
    }
    tell("error", { errorType: error.code, errorMessage: error.message });
    trouble("expired");
  }

  function trouble(name, again) {
    show(part(`connect-trouble-${name}`).innerHTML);
    screenPlace.querySelector("[data-again]")?.addEventListener("click", again);
  }

  function show(html) {
    shown?.abort();
    shown = new AbortController();
    busy = false;
    say("");
    screenPlace.innerHTML = html;
    const form = part("connect-form");
    part("connect-back").hidden = screenPlace.querySelector("[data-back=yes]") === null;
    screenPlace.querySelector("button[data-back]")?.addEventListener("click", () => load());
    screenPlace.querySelector("[data-finish]")?.addEventListener("click", close);
    if (form) drawForm(form);
    if (part("connect-offers")) drawList();
    const heading = part("connect-title");
    document.title = heading.textContent;
    screenPlace.scrollTop = 0;
    focusOn((form && matchMedia("(pointer: fine)").matches && firstEmpty(form)) || heading);
  }

  const firstEmpty = (form) => connectForm.inputs(form).find((input) => !input.value) || connectForm.inputs(form)[0];

  function focusOn(element) {
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
  }

  function drawList() {
    const offers = part("connect-offers");
    offers.addEventListener("click", (event) => {
      const chosen = event.target.closest("[data-integration]");
      if (chosen) load(chosen.dataset.integration);
    });
    part("connect-search")?.addEventListener("input", ({ target }) => {
      const wanted = target.value.trim().toLowerCase();
      const found = [...offers.children].filter((each) => !(each.hidden = !each.dataset.name.includes(wanted)));
      part("connect-none").hidden = found.length > 0;
      say(found.length ? offers.dataset.count.replace("{count}", found.length) : offers.dataset.none);
    });
  }

  function drawForm(form) {
    for (const input of connectForm.inputs(form)) {
      const frame = input.closest(".ask-frame");
      frame.addEventListener("click", (event) => event.target.closest("button, input, select, textarea") || input.focus());
      let length = input.value.length;
      input.addEventListener("input", (event) => {
        if (!event.isComposing) connectForm.understand(input, input.value.length > length + 1);
        length = input.value.length;
        if (input.hasAttribute("aria-invalid")) connectForm.mark(input, connectForm.problem(input));
      });
      input.addEventListener("blur", () => afterPress(() => {
        const before = input.value;
        connectForm.understand(input, true);
        const said = connectForm.problem(input);
        // What the provider refused stays marked until it is changed, though its form is right.
        if (input.value && (said || input.value !== before)) connectForm.mark(input, said);
      }));
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!busy) submit(form);
    });
  }

  // What is said under a field moves what is below it, so not between the press of a button and its click.
  function afterPress(act) {
    if (pressed) window.addEventListener("pointerup", () => setTimeout(act, 0), { once: true });
    else act();
  }

  function isTouched() {
    const form = part("connect-form");
    return Boolean(form) && connectForm.inputs(form).some((input) => input.value !== (input.dataset.first || ""));
  }

  async function submit(form) {
    const wrong = connectForm.inputs(form).filter((input) => {
      connectForm.understand(input, true);
      connectForm.mark(input, connectForm.problem(input));
      return input.hasAttribute("aria-invalid");
    });
    if (wrong.length) return focusOn(wrong[0]);
    part("connect-alert").replaceChildren();
    setBusy(form, true);
    const within = shown.signal;
    try {
      const connected = await ("consent" in form.dataset ? consent(form) : attempt(form));
      if (!within.aborted) succeed(connected);
    } catch (error) {
      if (within.aborted) return;
      setBusy(form, false);
      if (error.status === 401) expired(error);
      else fail(form, error);
    }
  }

  const attempt = (form) =>
    ask(`/connect/attempt/${encodeURIComponent(form.dataset.integration)}?lang=${page.dataset.lang}`, connectForm.values(form));

  function consent(form) {
    const { connection_config: params, credentials } = connectForm.values(form);
    const stop = new AbortController();
    const cancel = part("connect-cancel");
    shown.signal.addEventListener("abort", () => stop.abort());
    cancel.hidden = false;
    cancel.onclick = () => stop.abort();
    const place = (client) => {
      const url = new URL(`${page.dataset.base}/oauth/connect/${encodeURIComponent(form.dataset.integration)}`, location.href);
      url.searchParams.set("connect_session_token", token);
      url.searchParams.set("ws_client_id", client);
      for (const [name, value] of Object.entries(params)) url.searchParams.set(`params[${name}]`, value);
      for (const [name, value] of Object.entries(credentials)) url.searchParams.set(`credentials[${name}]`, value);
      return url.href;
    };
    const watchWindow = query.get("detectClosedAuthWindow") !== "false";
    return connectForm.consent(place, { base: page.dataset.base, watchWindow, signal: stop.signal });
  }

  function setBusy(form, is) {
    busy = is;
    const text = part("connect-submit-text");
    part("connect-submit").setAttribute("aria-disabled", String(is));
    form.classList.toggle("busy", is);
    text.textContent = is ? page.dataset["consent" in form.dataset ? "waiting" : "busy"] : text.dataset.idle;
    say(is ? text.textContent : "");
    if (!is) part("connect-cancel").hidden = true;
  }

  function fail(form, error) {
    const { sentence, fields = {} } = error.payload || {};
    const note = part("connect-failure").content.cloneNode(true);
    const local = form.dataset[camel(error.code)];
    const words = sentence || local || (error.status ? page.dataset.failed : page.dataset.unreachable);
    note.querySelector("[data-sentence]").textContent = words;
    if (error.message && error.message !== words) {
      note.querySelector("[data-message]").textContent = error.message;
      note.querySelector("[data-details]").hidden = false;
    }
    part("connect-alert").replaceChildren(note);
    for (const [id, said] of Object.entries(fields)) connectForm.mark(part(id), said);
    tell("error", { errorType: error.code || "unknown_error", errorMessage: error.message || words });
    const [first] = Object.keys(fields);
    part("connect-alert").scrollIntoView({ block: "nearest" });
    (first ? part(first) : part("connect-submit")).focus({ preventScroll: true });
  }

  const camel = (code) => String(code || "").replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

  function succeed({ connectionId, providerConfigKey, isPending }) {
    tell("connect", { connectionId, providerConfigKey, ...(isPending && { isPending }) });
    show(part(isPending ? "connect-pending" : "connect-done").innerHTML);
  }

  function leave() {
    if (isTouched()) part("connect-discard").showModal();
    else close();
  }

  function close() {
    shown?.abort();
    tell("close");
  }

  // In a frame it is modal: the tab key goes round within the dialog and does not get lost in the page behind it.
  function keepInside(event) {
    const within = part("connect-discard").open ? part("connect-discard") : card;
    const all = "a[href], button:not(:disabled), input, select, textarea, summary";
    const stops = [...within.querySelectorAll(all)].filter((each) => each.checkVisibility({ visibilityProperty: true }));
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    const at = document.activeElement;
    if (stops.length && (at === edge || !within.contains(at) || (event.shiftKey && at === part("connect-title")))) {
      event.preventDefault();
      stops.at(event.shiftKey ? -1 : 0).focus();
    }
  }
})();
