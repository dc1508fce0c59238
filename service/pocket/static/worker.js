"use strict";
// The shell comes from the cache, the list from the service, and from the cache only without it.
const SHELL = [/* SHELL */];
const PATIENCE = 4000;
const CACHE = "pocket-" + SHELL.join("");
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const key of await caches.keys()) if (key !== CACHE) await caches.delete(key);
    await self.clients.claim();
    // The page was there before its worker: what it shows is kept from the first visit on.
    const home = new URL(self.registration.scope).pathname;
    const answer = await fetch(home);
    if (answer.ok) await (await caches.open(CACHE)).put(home, answer);
  })());
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const path = new URL(request.url).pathname;
  if (SHELL.includes(path)) {
    event.respondWith(caches.match(path).then((found) => found ?? fetch(request)));
    return;
  }
  const home = new URL(self.registration.scope).pathname;
  if (request.mode !== "navigate" || path !== home) return;
  event.respondWith((async () => {
    const cache = await caches.open(CACHE);
    const fresh = fetch(request).then(async (answer) => {
      if (answer.ok) await cache.put(home, answer.clone());
      return answer;
    });
    const kept = await cache.match(home);
    if (!kept) return fresh;
    // Between shelves a net is there and brings nothing: who waits sees the list that was kept.
    const waited = new Promise((resolve) => setTimeout(resolve, PATIENCE, kept));
    return Promise.race([fresh.catch(() => kept), waited]);
  })());
});
