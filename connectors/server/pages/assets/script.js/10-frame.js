// The frame of all pages: theme, copying, revealing. Pieces of this folder are sent as one script, each on its own.
"use strict";
(() => {
  const root = document.documentElement;
  const KEY = "connectors-theme";

  function remembered() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // a browser may forbid it
    }
  }

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  if (!("fixedTheme" in root.dataset)) {
    const theme = remembered();
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  }
  root.classList.add("scripted");

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("[data-theme-switch]")) {
      root.dataset.theme = isDark() ? "light" : "dark";
      try {
        localStorage.setItem(KEY, root.dataset.theme);
      } catch {
        // it holds for this page then
      }
    }
    const reveal = target?.closest("[data-reveal]");
    if (reveal) show(reveal);
    const copy = target?.closest("[data-copy]");
    if (copy) copied(copy);
  });

  // <button data-reveal="ID of the input" aria-pressed="false">: the secret is shown until the button is pressed again.
  function show(button) {
    const input = document.getElementById(button.dataset.reveal);
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    if (input.tagName === "TEXTAREA") input.classList.toggle("masked", !shown);
    else input.type = shown ? "text" : "password";
  }

  // <button data-copy="ID of what holds the text" data-copied="Copied">
  async function copied(button) {
    const source = document.getElementById(button.dataset.copy);
    const said = button.textContent;
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      button.textContent = button.dataset.copied || "Copied";
    } catch {
      getSelection().selectAllChildren(source); // at least it is marked
      return;
    }
    setTimeout(() => (button.textContent = said), 1600);
  }
})();
