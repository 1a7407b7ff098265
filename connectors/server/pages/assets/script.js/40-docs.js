// The docs: on a narrow page the list of pages is closed until it is asked for; an address of an endpoint opens it.
"use strict";
(() => {
  const narrow = matchMedia("(max-width: 64rem)");

  function settle() {
    const menu = document.querySelector(".docs-menu");
    if (!menu) return;
    menu.open = !narrow.matches;
    menu.dataset.settled = "";
  }

  function show() {
    const named = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named instanceof HTMLDetailsElement) named.open = true;
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (!document.querySelector(".docs")) return;
    settle();
    show();
    narrow.addEventListener("change", settle);
    addEventListener("hashchange", show);
  });
})();
