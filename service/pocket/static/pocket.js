"use strict";
// Ticks are shown at once, kept until the service has them, and sent again as often as needed: each
// has a name and a moment, and the newest word on a line counts, on whichever phone it was said.
(() => {
  const root = document.body.dataset.root;
  const list = document.getElementById("list");
  if (!list) return;
  const listId = Number(list.dataset.list);
  const own = document.getElementById("own");
  const write = document.getElementById("write");
  const kept = `pocket-${listId}`;
  const name = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}-phone`;
  const read = () => JSON.parse(localStorage.getItem(kept) ?? '{"ticks":{},"items":{}}');
  const save = (words) => localStorage.setItem(kept, JSON.stringify(words));

  const press = (button, ticked) => {
    button.setAttribute("aria-pressed", String(ticked));
    if (button.name === "ticked") button.value = String(!ticked);
    button.closest("li").classList.toggle("ticked", ticked);
  };
  const say = (kind, id, word) => {
    const words = read();
    words[kind][id] = { ...word, key: name(), at: new Date().toISOString() };
    save(words);
    send();
  };
  const shown = (item) => {
    let row = own.querySelector(`[data-id="${CSS.escape(item.id)}"]`);
    if (item.gone) { row?.remove(); return; }
    if (!row) {
      row = document.createElement("li");
      row.dataset.id = item.id;
      const tick = Object.assign(document.createElement("button"), { className: "own" });
      const gone = Object.assign(document.createElement("button"), { className: "gone", textContent: "×" });
      row.append(tick, gone);
      own.append(row);
    }
    row.firstElementChild.textContent = item.text;
    press(row.firstElementChild, item.ticked);
  };
  const draw = (state) => {
    const words = read();
    const ticked = new Set(state?.ticked);
    const used = new Set(state?.used);
    for (const button of list.querySelectorAll("[data-line]")) {
      const line = Number(button.dataset.line);
      const word = words.ticks[line];
      if (state || word) press(button, word ? word.ticked : ticked.has(line));
      if (state) button.closest("li").classList.toggle("used", used.has(line) && button.closest("li").classList.contains("offer"));
    }
    if (!own) return;
    if (state) {
      const there = new Set(state.items.map((item) => item.id));
      for (const row of [...own.children]) if (!there.has(row.dataset.id) && !words.items[row.dataset.id]) row.remove();
      state.items.forEach(shown);
    }
    Object.values(words.items).forEach(shown);
  };

  let sending = false;
  const send = async () => {
    if (sending) return;
    sending = true;
    try {
      const words = read();
      const ticks = Object.entries(words.ticks).map(([line, word]) => ({ ...word, line: Number(line) }));
      const items = Object.values(words.items);
      const asks = ticks.length + items.length > 0;
      const answer = await fetch(`${root}/${asks ? "words" : "state"}`, asks ? {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ list_id: listId, ticks, items }),
      } : { headers: { Accept: "application/json" } });
      // What is refused would be refused again.
      if (!answer.ok && answer.status !== 422 && answer.status !== 403) return;
      const now = read();
      for (const kind of ["ticks", "items"]) {
        for (const [id, word] of Object.entries(words[kind])) {
          if (now[kind][id]?.key === word.key) delete now[kind][id];
        }
      }
      save(now);
      if (answer.ok) {
        const state = await answer.json();
        localStorage.setItem(`${kept}-state`, JSON.stringify(state));
        if (state.list_id !== listId) { location.reload(); return; }
        draw(state);
      }
      if (Object.keys(now.ticks).length + Object.keys(now.items).length) setTimeout(send, 500);
    } catch {
      // Offline: what was said is kept, and sent when the phone is back.
    } finally {
      sending = false;
    }
  };

  list.addEventListener("submit", (event) => {
    const button = event.target.querySelector("[data-line]");
    if (!button) return;
    event.preventDefault();
    const ticked = button.getAttribute("aria-pressed") !== "true";
    press(button, ticked);
    say("ticks", button.dataset.line, { ticked });
  });
  own?.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const row = button?.closest("li");
    if (!row) return;
    const gone = button.classList.contains("gone");
    const tick = row.firstElementChild;
    const ticked = (tick.getAttribute("aria-pressed") === "true") !== !gone;
    const item = { id: row.dataset.id, text: tick.textContent, ticked, gone };
    shown(item);
    say("items", item.id, item);
  });
  if (write) {
    write.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = write.elements.text.value.trim().replace(/\s+/g, " ");
      if (!text) return;
      const item = { id: name(), text, ticked: false, gone: false };
      write.reset();
      shown(item);
      say("items", item.id, item);
    });
  }
  addEventListener("online", send);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) send(); });
  setInterval(() => { if (!document.hidden) send(); }, 30000);
  // A page from the cache knows less than the phone heard last.
  draw(navigator.onLine ? null : JSON.parse(localStorage.getItem(`${kept}-state`) ?? "null"));
  send();
  navigator.serviceWorker?.register(`${root}/worker.js`, { scope: `${root}/` }).catch(() => {});
})();
