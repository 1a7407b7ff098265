// The dashboard: a page that shows something under way asks for itself again until that has ended.
"use strict";
(() => {
  const FIRST = 1000; // milliseconds between two looks
  const SLOWEST = 5000;
  const PATIENCE = 15 * 60 * 1000; // without any change
  let wait = FIRST;
  let changedAt = Date.now();

  function again() {
    if (document.querySelector("#live[data-live]")) setTimeout(look, wait);
  }

  async function look() {
    if (document.hidden || isBusy()) return again();
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.redirected) return location.reload(); // signed out
      if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live"));
    } catch {
      wait = SLOWEST; // the server is away; it may come back
    }
    if (Date.now() - changedAt < PATIENCE) again();
  }

  // Somebody types, or has something open: that is not taken away.
  function isBusy() {
    const live = document.getElementById("live");
    const typing = live.contains(document.activeElement) && document.activeElement.matches("input, select, textarea");
    return typing || live.querySelector("details[open]") !== null || !getSelection().isCollapsed;
  }

  function put(fresh) {
    const live = document.getElementById("live");
    if (!fresh || !live) return;
    const same = fresh.innerHTML === live.innerHTML;
    wait = same ? Math.min(wait * 1.3, SLOWEST) : FIRST;
    if (!same) changedAt = Date.now();
    const ended = "live" in live.dataset && !("live" in fresh.dataset);
    if (same && !ended) return;
    const focused = placeOf(document.activeElement, live);
    const scrolled = [...live.querySelectorAll(".scroll")].map((each) => each.scrollLeft);
    live.replaceWith(fresh);
    fresh.querySelectorAll(".scroll").forEach((each, at) => (each.scrollLeft = scrolled[at] ?? 0));
    if (focused !== null) fresh.querySelectorAll("a, button, summary, [tabindex]")[focused]?.focus({ preventScroll: true });
    if (ended) document.getElementById("live-said").textContent = fresh.dataset.liveEnd || "Nothing is under way any more.";
  }

  function placeOf(element, inside) {
    if (!inside.contains(element)) return null;
    const at = [...inside.querySelectorAll("a, button, summary, [tabindex]")].indexOf(element);
    return at < 0 ? null : at;
  }

  document.addEventListener("DOMContentLoaded", () => {
    again();
    for (const row of document.querySelectorAll(".side-nav, .tabs")) {
      const here = row.querySelector("[aria-current]"); // on a phone it may stand outside
      if (here) row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
    }
    // A link on another site brought no cookie along; asked for from here, it comes.
    const led = document.querySelector("main[data-again]")?.dataset.again;
    if (led) location.replace(led);
    document.querySelector("[data-focus]")?.focus();
  });

  // Menus close when something else is pressed, or with Escape.
  document.addEventListener("click", (event) => close((menu) => !menu.contains(event.target)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const inside = document.activeElement?.closest("details[data-menu][open]");
    close(() => true);
    inside?.querySelector("summary").focus();
  });

  function close(chosen) {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) if (chosen(menu)) menu.open = false;
  }

  // A form is sent once, and says so while the answer takes its time.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || !form.closest(".board, .gate")) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    const button = event.submitter;
    if (button) button.setAttribute("aria-disabled", "true");
    if (button && form.dataset.busy) button.textContent = form.dataset.busy;
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted && document.querySelector(".board")) location.reload(); // it may be signed out by now
  });
})();
