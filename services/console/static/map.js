// The map: steps of time without loading the page again, play, zoom and pan. Without it, all is links.
(() => {
  "use strict";
  document.querySelectorAll("[data-print]").forEach((one) => one.addEventListener("click", () => window.print()));
  // The file for export has its own styles, so a canvas may draw it; twice its size, for print.
  const saveAsPng = async (address) => {
    const text = await (await fetch(address)).text();
    const source = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    const image = new Image();
    await new Promise((done, failed) => { image.onload = done; image.onerror = failed; image.src = source; });
    const canvas = document.createElement("canvas");
    canvas.width = 2 * (image.naturalWidth || 800);
    canvas.height = 2 * (image.naturalHeight || 600);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(source);
    const link = document.createElement("a");
    link.href = canvas.toDataURL("image/png");
    link.download = "fanzha-map.png";
    link.click();
  };
  document.querySelectorAll("[data-png]").forEach((one) => {
    one.hidden = false;
    one.addEventListener("click", () => saveAsPng(one.dataset.png));
  });
  const card = document.querySelector(".map[data-frames]");
  if (!card) return;
  const svg = card.querySelector("svg");
  const slider = card.querySelector("#map-time");
  const byRegion = (root) => new Map([...root.querySelectorAll("[data-region]")].map((one) => [one.dataset.region, one]));
  const shapes = byRegion(svg);
  const table = document.querySelector("table tbody[data-rows]");
  const rows = table ? byRegion(table) : new Map();
  const total = document.querySelector("[data-total]");
  const live = document.getElementById("live");

  // ---- Time
  let frames = null, at = Number(card.dataset.at), playing = 0;
  const whole = { start: card.dataset.whole, regions: null };
  const load = async () => {
    if (frames) return frames;
    const answer = await fetch(card.dataset.frames, { headers: { accept: "application/json" } });
    if (!answer.ok) { stop(); throw new Error(String(answer.status)); }
    frames = await answer.json();
    return frames;
  };
  const show = async (to) => {
    const all = await load();
    if (to < 0) { location.assign(addressOf("")); return; }
    at = Math.min(to, all.length - 1);
    const frame = all[at];
    frame.regions.forEach(([code, text, shade]) => {
      const shape = shapes.get(code), row = rows.get(code);
      if (shape) {
        shape.classList.remove(...[...shape.classList].filter((one) => one.startsWith("heat-")));
        shape.classList.add(`heat-${shade}`);
        shape.querySelector(".value").textContent = text;
        const name = shape.querySelector("title").textContent.split(": ")[0];
        shape.querySelector("title").textContent = `${name}: ${text}`;
        shape.setAttribute("aria-label", `${name}: ${text}`);
      }
      if (row) row.querySelector("[data-value]").textContent = text;
    });
    document.querySelectorAll("[data-when]").forEach((one) => { one.textContent = frame.start; });
    card.querySelector("[data-when-value]").textContent = frame.start;
    slider.value = String(at);
    slider.setAttribute("aria-valuetext", `${frame.start}: ${frame.all}`);
    if (total && !new URLSearchParams(location.search).get("layer")) total.textContent = frame.all;
    history.replaceState(null, "", addressOf(frame.start));
    if (!playing) live.textContent = `${frame.start}: ${frame.all}`;
  };
  const addressOf = (start) => {
    const address = new URL(location.href);
    if (start) address.searchParams.set("frame", start); else address.searchParams.delete("frame");
    return address.pathname + address.search;
  };
  const play = card.querySelector("[data-play]");
  const stop = () => { clearInterval(playing); playing = 0; if (play) play.textContent = play.dataset.off; };
  if (slider) {
    slider.addEventListener("input", () => show(Number(slider.value)));
    card.querySelectorAll("[data-step]").forEach((one) => one.addEventListener("click", () => { stop(); show(Math.max(at + Number(one.dataset.step), at < 0 ? 0 : -1)); }));
    play.addEventListener("click", async () => {
      if (playing) { stop(); return; }
      const all = await load();
      if (at >= all.length - 1) at = -1;
      play.textContent = play.dataset.on;
      playing = setInterval(() => { if (at >= all.length - 1) stop(); else show(at + 1); }, 700);
      show(at + 1);
    });
  }

  // ---- Zoom and pan: the part of the drawing that is seen.
  const full = [-6, -6, Number(svg.dataset.width) + 12, Number(svg.dataset.height) + 12];
  let box = [...full];
  const put = () => svg.setAttribute("viewBox", box.map((one) => one.toFixed(1)).join(" "));
  const zoom = (factor, x = box[0] + box[2] / 2, y = box[1] + box[3] / 2) => {
    const width = Math.max(full[2] / 12, Math.min(full[2], box[2] * factor));
    const scale = width / box[2];
    box = [x - (x - box[0]) * scale, y - (y - box[1]) * scale, width, box[3] * scale];
    clamp();
  };
  const clamp = () => {
    box[0] = Math.max(full[0], Math.min(full[0] + full[2] - box[2], box[0]));
    box[1] = Math.max(full[1], Math.min(full[1] + full[3] - box[3], box[1]));
    put();
  };
  card.querySelectorAll("[data-zoom]").forEach((one) => one.addEventListener("click", () => {
    const way = Number(one.dataset.zoom);
    if (way) zoom(way > 0 ? 0.7 : 1 / 0.7); else { box = [...full]; put(); }
  }));
  svg.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (!move || box[2] >= full[2]) return;
    event.preventDefault();
    box[0] += move[0] * box[2] / 6; box[1] += move[1] * box[3] / 6;
    clamp();
  });
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.85 : 1 / 0.85);
  }, { passive: false });
  let drag = null, moved = false;
  svg.addEventListener("pointerdown", (event) => { drag = [event.clientX, event.clientY, box[0], box[1]]; moved = false; });
  window.addEventListener("pointermove", (event) => {
    if (!drag || box[2] >= full[2]) return;
    const scale = box[2] / svg.clientWidth;
    moved = moved || Math.abs(event.clientX - drag[0]) + Math.abs(event.clientY - drag[1]) > 6;
    box[0] = drag[2] - (event.clientX - drag[0]) * scale; box[1] = drag[3] - (event.clientY - drag[1]) * scale;
    clamp();
  });
  window.addEventListener("pointerup", () => { drag = null; });
  svg.addEventListener("click", (event) => { if (moved) { event.preventDefault(); moved = false; } }, true);
})();
