// Keys, the palette, live parts and small helpers of all pages. No page needs a script to be read.
(() => {
  "use strict";
  const root = document.documentElement;
  const prefix = root.dataset.prefix || "";
  const csrf = () => document.querySelector('meta[name="csrf"]').content;
  const byId = (id) => document.getElementById(id);
  const announce = (text) => { byId("live").textContent = text; };

  // Forms of htmx repeat the token of the session, as others do in a hidden field.
  document.addEventListener("htmx:config:request", (event) => {
    event.detail.ctx.request.headers["X-CSRF-Token"] = csrf();
  });

  const open = (id) => {
    const dialog = byId(id);
    if (!dialog.open) dialog.showModal();
    if (id === "palette") { dialog.querySelector("input").select(); search(""); }
  };

  // ---- Keys: data-go (g, then the letter), data-key on what a key presses, j and k along rows.
  let waitsForGo = 0;
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
  const rows = () => [...document.querySelectorAll("main [data-rows] > tr, main [data-rows] > li, main [data-rows] > article")];
  const moveRow = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.contains(document.activeElement) || row.getAttribute("aria-current") === "true");
    const to = all[Math.max(0, Math.min(all.length - 1, at + step))];
    all.forEach((row) => row.removeAttribute("aria-current"));
    to.setAttribute("aria-current", "true");
    (to.querySelector("a, button, input") || to).focus();
    to.scrollIntoView({ block: "nearest" });
  };
  const press = (key) => {
    const current = rows().find((row) => row.contains(document.activeElement));
    const find = (place) => [...place.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key && !one.disabled);
    const target = (current && find(current)) || find(document);
    if (!target) return false;
    if (target.matches("input:not([type=checkbox]):not([type=radio]), select, textarea")) target.focus();
    else target.click();
    return true;
  };
  document.addEventListener("keydown", (event) => {
    const ctrlK = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (ctrlK) { event.preventDefault(); open("palette"); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && event.target.closest(".menu")) { event.target.closest(".menu").open = false; return; }
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (waitsForGo && Date.now() - waitsForGo < 1500) {
      waitsForGo = 0;
      const link = [...document.querySelectorAll("[data-go]")].find((one) => one.dataset.go === event.key);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    if (event.key === "/") { event.preventDefault(); open("palette"); }
    else if (event.key === "?") { event.preventDefault(); open("keys"); }
    else if (event.key === "g") waitsForGo = Date.now();
    else if (event.key === "j") moveRow(1);
    else if (event.key === "k") moveRow(-1);
    else if (event.key.length === 1 && press(event.key)) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) { event.preventDefault(); open(opener.dataset.open); }
    const closer = event.target.closest("[data-close]");
    if (closer) closer.closest("dialog").close();
    document.querySelectorAll("details.menu[open]").forEach((one) => { if (!one.contains(event.target)) one.open = false; });
    // A row with data-href opens by a click anywhere in it but on a control of its own.
    const row = event.target.closest("[data-href]");
    if (row && !event.target.closest("a, button, input, label, select") && !String(getSelection())) location.href = row.dataset.href;
    const copy = event.target.closest("[data-copy]");
    if (copy) navigator.clipboard.writeText(copy.dataset.copy).then(() => announce(copy.dataset.copied || ""));
  });

  // What cannot be undone asks first: data-confirm on a form or a button has the question.
  document.addEventListener("submit", (event) => {
    const asks = (event.submitter && event.submitter.dataset.confirm) || event.target.dataset.confirm;
    if (asks && !window.confirm(asks)) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);

  // A form with data-auto sends itself when a choice in it changes.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto]");
    if (form && event.target.matches("select, [type=checkbox], [type=radio], [type=date]")) form.requestSubmit();
  });

  // ---- Live parts: data-events="/path" on an element; each event replaces the element with its id
  // ("name" of the event), or, with data-events-prepend="name", goes before the first row.
  const listen = (element) => {
    const source = new EventSource(prefix + element.dataset.events);
    const put = (name, data) => {
      const place = element.querySelector(`[data-live="${CSS.escape(name)}"]`);
      if (!place) return;
      const most = Number(place.dataset.most || 0);
      if (!most) {
        // What a reader is in the middle of stays; so does what they have opened.
        if (place.contains(document.activeElement)) return;
        const opened = [...place.querySelectorAll("details")].map((one) => one.open);
        place.innerHTML = data;
        place.querySelectorAll("details").forEach((one, at) => { one.open = Boolean(opened[at]); });
      }
      else {
        place.insertAdjacentHTML("afterbegin", data);
        while (place.children.length > most) place.lastElementChild.remove();
      }
      if (window.htmx) htmx.process(place);
      place.dispatchEvent(new CustomEvent("live", { bubbles: true, detail: { name } }));
    };
    (element.dataset.names || "").split(" ").filter(Boolean).forEach((name) => source.addEventListener(name, (event) => put(name, event.data)));
    const state = (text) => { element.querySelectorAll("[data-live-state]").forEach((one) => { one.textContent = one.dataset[text] || ""; }); };
    source.addEventListener("open", () => state("on"));
    source.addEventListener("error", () => state("off"));
    source.addEventListener("fault", (event) => { state("off"); announce(event.data); source.close(); });
    source.addEventListener("end", () => source.close());
    element.addEventListener("stop-live", () => source.close());
    window.addEventListener("pagehide", () => source.close());
  };

  // ---- Palette: what is typed goes by POST, never into an address.
  let asked = 0, timer = 0;
  const results = () => byId("palette-results");
  const options = () => [...results().querySelectorAll('[role="option"]:not([aria-disabled])')];
  const select = (place) => {
    const all = options();
    all.forEach((one, at) => one.setAttribute("aria-selected", String(at === place)));
    const chosen = all[place];
    const input = byId("palette").querySelector("input");
    if (chosen) { chosen.scrollIntoView({ block: "nearest" }); input.setAttribute("aria-activedescendant", chosen.id); }
    else input.removeAttribute("aria-activedescendant");
  };
  const selected = () => options().findIndex((one) => one.getAttribute("aria-selected") === "true");
  const busy = (is) => results().setAttribute("aria-busy", String(is));
  const search = async (words) => {
    const mine = ++asked;
    busy(true);
    const body = new URLSearchParams({ words, back: location.pathname.slice(prefix.length) + location.search });
    const answer = await fetch(byId("palette").dataset.url, { method: "POST", body, headers: { "X-CSRF-Token": csrf(), "HX-Request": "true" } }).catch(() => null);
    if (answer && answer.status === 401) { location.reload(); return; }
    const found = answer && await answer.text();
    if (mine !== asked) return;
    if (answer) { results().innerHTML = found; select(0); }
    busy(false);
  };
  const choose = (option) => {
    const form = option.querySelector("form");
    byId("palette").close();
    if (form) form.submit(); else location.href = option.dataset.to;
  };
  const preparePalette = () => {
    const dialog = byId("palette");
    if (!dialog) return;
    const input = dialog.querySelector("input");
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => search(input.value), 200); });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const count = options().length, at = selected();
      if (event.key === "ArrowDown") { event.preventDefault(); select((at + 1) % Math.max(1, count)); }
      else if (event.key === "ArrowUp") { event.preventDefault(); select((at - 1 + count) % Math.max(1, count)); }
      else if (event.key === "Enter") { event.preventDefault(); if (options()[at]) choose(options()[at]); }
    });
    results().addEventListener("click", (event) => {
      const option = event.target.closest('[role="option"]:not([aria-disabled])');
      if (option) { event.preventDefault(); choose(option); }
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    preparePalette();
    document.querySelectorAll("[data-events]").forEach(listen);
    const wrong = document.querySelector("main [aria-invalid=true]");
    if (wrong) wrong.focus();
  });
  window.fanzha = { announce, csrf, open, prefix };
})();
