"use strict";
// The shell comes from the cache, the list from the service, and from the cache only without it.
const SHELL = [/* SHELL */];
const CACHE = "pocket-" + SHELL.join("");
self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const key of await caches.keys()) if (key !== CACHE) await caches.delete(key);
    await self.clients.claim();
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
    try {
      const answer = await fetch(request);
      if (answer.ok) await cache.put(home, answer.clone());
      return answer;
    } catch {
      return (await cache.match(home)) ?? Response.error();
    }
  })());
});
