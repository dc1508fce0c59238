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
  const read = () => ({ words: {}, items: {}, ...JSON.parse(localStorage.getItem(kept) ?? "{}") });
  const save = (said) => localStorage.setItem(kept, JSON.stringify(said));

  const press = (button, ticked) => {
    button.setAttribute("aria-pressed", String(ticked));
    if (button.name === "text") button.value = ticked ? "" : "yes";
    button.closest("li").classList.toggle("ticked", ticked);
  };
  const say = (of, id, word) => {
    const said = read();
    said[of][id] = { ...word, key: name(), at: new Date().toISOString() };
    save(said);
    send();
  };
  const sayOf = (row, kind, text) => {
    const line = lineOf(row);
    say("words", `${kind}-${line}`, { kind, line, text });
  };
  const lineOf = (row) => Number(row.id.slice("line-".length));
  const note = (row, text) => {
    let shown = row.querySelector(".note");
    if (!shown && text) {
      shown = Object.assign(document.createElement("p"), { className: "note" });
      row.querySelector("a.more").before(shown);
    }
    if (shown) { shown.textContent = text; shown.hidden = !text; }
    const field = row.querySelector(".form [name=text]");
    if (field && field !== document.activeElement) field.value = text;
  };
  const count = () => {
    const hidden = list.querySelectorAll("li.hidden").length;
    const shown = document.getElementById("hidden");
    shown.hidden = !hidden;
    shown.querySelector("span").textContent = hidden;
  };
  const shown = (item) => {
    let row = own.querySelector(`[data-id="${CSS.escape(item.id)}"]`);
    if (item.gone) { row?.remove(); return; }
    if (!row) {
      row = document.createElement("li");
      row.dataset.id = item.id;
      const tick = Object.assign(document.createElement("button"), { className: "own" });
      const gone = Object.assign(document.createElement("button"), { className: "gone", textContent: "×" });
      gone.setAttribute("aria-label", own.dataset.remove);
      row.append(tick, gone);
      own.append(row);
    }
    row.firstElementChild.textContent = item.text;
    press(row.firstElementChild, item.ticked);
  };
  const draw = (state) => {
    const said = read();
    const [ticked, hidden, used] = ["ticked", "hidden", "used"].map((what) => new Set(state?.[what]));
    for (const row of list.querySelectorAll("li")) {
      const line = lineOf(row);
      const [tick, hide, text] = ["tick", "hide", "note"].map((kind) => said.words[`${kind}-${line}`]);
      if (state || tick) press(row.querySelector("[data-line]"), tick ? tick.text !== "" : ticked.has(line));
      if (state || hide) row.classList.toggle("hidden", hide ? hide.text !== "" : hidden.has(line));
      if (state || text) note(row, text ? text.text : state.notes[line] ?? "");
      if (state) row.classList.toggle("used", used.has(line) && row.classList.contains("offer"));
    }
    count();
    if (!own) return;
    if (state) {
      const there = new Set(state.items.map((item) => item.id));
      for (const row of [...own.children]) if (!there.has(row.dataset.id) && !said.items[row.dataset.id]) row.remove();
      state.items.forEach(shown);
    }
    Object.values(said.items).forEach(shown);
  };

  let sending = false;
  const send = async () => {
    if (sending) return;
    sending = true;
    try {
      const said = read();
      const words = Object.values(said.words);
      const items = Object.values(said.items);
      const asks = words.length + items.length > 0;
      const answer = await fetch(`${root}/${asks ? "words" : "state"}`, asks ? {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ list_id: listId, words, items }),
        signal: AbortSignal.timeout(10000),
      } : { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10000) });
      // What is refused would be refused again.
      if (!answer.ok && answer.status !== 422 && answer.status !== 403) return;
      const now = read();
      for (const of of ["words", "items"]) {
        for (const [id, word] of Object.entries(said[of])) {
          if (now[of][id]?.key === word.key) delete now[of][id];
        }
      }
      save(now);
      if (answer.ok) {
        const state = await answer.json();
        localStorage.setItem(`${kept}-state`, JSON.stringify(state));
        const isNew = state.list_id !== listId || state.next_id !== Number(list.dataset.next);
        // Nobody is interrupted who writes.
        if (isNew && !document.activeElement?.matches("input")) { location.reload(); return; }
        draw(state);
      }
      if (Object.keys(now.words).length + Object.keys(now.items).length) setTimeout(send, 500);
    } catch {
      // Offline: what was said is kept, and sent when the phone is back.
    } finally {
      sending = false;
    }
  };

  list.addEventListener("submit", (event) => {
    const row = event.target.closest("li");
    const button = event.submitter ?? event.target.querySelector("button");
    const path = (button.getAttribute("formaction") ?? event.target.getAttribute("action")).slice(root.length);
    const hides = path === "/hide";
    if (path === "/wish") return;
    event.preventDefault();
    if (path === "/say/tick") {
      const ticked = button.getAttribute("aria-pressed") !== "true";
      press(button, ticked);
      sayOf(row, "tick", ticked ? "yes" : "");
    } else if (path === "/say/note") {
      const text = event.target.elements.text.value.trim().replace(/\s+/g, " ");
      button.focus();
      note(row, text);
      sayOf(row, "note", text);
    } else {
      row.classList.toggle("hidden", hides);
      sayOf(row, "hide", hides ? "yes" : "");
      count();
    }
  });
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a.more");
    if (!link) return;
    event.preventDefault();
    const row = link.closest("li");
    const open = row.querySelector(".form");
    if (open) { open.remove(); return; }
    const form = list.querySelector("template").content.firstElementChild.cloneNode(true);
    const [line, text] = ["line", "text"].map((each) => form.querySelector(`[name=${each}]`));
    line.value = lineOf(row);
    if (text) text.value = row.querySelector(".note")?.textContent ?? "";
    const [kind, value] = row.dataset.offer ? ["offer_id", row.dataset.offer] : ["item", row.querySelector(".name").textContent];
    for (const part of form.querySelectorAll("[data-of]")) {
      if (part.dataset.of === kind) part.firstElementChild.value = value;
      else part.remove();
    }
    form.querySelector(`[value="${row.dataset.says}"]`)?.setAttribute("aria-pressed", "true");
    row.append(form);
  });
  document.querySelector("#hidden a").addEventListener("click", (event) => {
    event.preventDefault();
    list.classList.toggle("all");
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
  // Nothing of the household stays on a phone that is to forget it.
  document.querySelector(".leave").addEventListener("submit", () => {
    for (const key of Object.keys(localStorage)) if (key.startsWith("pocket-")) localStorage.removeItem(key);
  });
  // Every five seconds while somebody uses the page, every thirty while they only look at it.
  let [touched, beats] = [Date.now(), 0];
  for (const what of ["pointerdown", "keydown", "scroll"]) addEventListener(what, () => { touched = Date.now(); }, { passive: true });
  addEventListener("online", send);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    touched = Date.now();
    send();
  });
  setInterval(() => {
    beats += 1;
    if (!document.hidden && (Date.now() - touched < 120000 || beats % 6 === 0)) send();
  }, 5000);
  // A page from the cache knows less than the phone heard last.
  const heard = JSON.parse(localStorage.getItem(`${kept}-state`) ?? "null");
  draw(heard?.at > Number(list.dataset.at) ? heard : null);
  send();
  navigator.serviceWorker?.register(`${root}/worker.js`, { scope: `${root}/` }).catch(() => {});
})();
