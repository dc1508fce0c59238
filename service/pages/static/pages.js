// What a page can do more with JavaScript: passkeys, and choosing all rows. All else works without.
(() => {
  "use strict";

  const bytes = (text) => Uint8Array.from(
    atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  function asked(options) {
    const withBytes = (known) => ({ ...known, id: bytes(known.id) });
    const made = { ...options, challenge: bytes(options.challenge) };
    if (made.user) made.user = { ...made.user, id: bytes(made.user.id) };
    for (const name of ["allowCredentials", "excludeCredentials"]) {
      if (made[name]) made[name] = made[name].map(withBytes);
    }
    return made;
  }

  function answered(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }

  async function usePasskey(form) {
    const token = form.querySelector("[name=csrf]").value;
    const answer = await fetch(form.dataset.passkey, {
      method: "POST", headers: { "X-CSRF-Token": token },
    });
    if (!answer.ok) throw new Error("no options");
    const { ticket, options } = await answer.json();
    const publicKey = asked(JSON.parse(options));
    const credential = form.dataset.way === "create"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
    form.querySelector("[name=ticket]").value = ticket;
    form.querySelector("[name=credential]").value = answered(credential);
    form.submit();
  }

  function preparePasskeys(root) {
    if (!window.PublicKeyCredential) return;
    for (const form of root.querySelectorAll("form[data-passkey][hidden]")) {
      form.hidden = false;
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        const fault = form.querySelector(".error");
        fault.hidden = true;
        usePasskey(form).catch(() => {
          fault.textContent = form.dataset.failed;
          fault.hidden = false;
        });
      });
    }
  }

  // A second press on the way sends nothing: it would make a second key. Whoever comes back may send again.
  const sent = new Set();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (sent.has(form)) event.preventDefault(); else sent.add(form);
    setTimeout(() => sent.delete(form), 3000);
  });
  addEventListener("pageshow", () => sent.clear());

  function prepareTables(root) {
    for (const all of root.querySelectorAll(".pick-all[hidden]")) {
      all.hidden = false;
      const boxes = all.closest("table").querySelectorAll("tbody .pick input");
      all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
    }
  }

  function prepareUploads(root) {
    for (const form of root.querySelectorAll("form[data-send]")) {
      const field = form.elements[form.dataset.send];
      field.addEventListener("change", () => { if (field.files.length) form.requestSubmit(); });
      form.addEventListener("dragover", (event) => event.preventDefault());
      form.addEventListener("drop", (event) => {
        event.preventDefault();
        if (!event.dataTransfer.files.length) return;
        field.files = event.dataTransfer.files;
        form.requestSubmit();
      });
      delete form.dataset.send;
    }
  }

  function prepare(root) {
    prepareUploads(root);
    preparePasskeys(root);
    prepareTables(root);
  }

  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll(".menu details[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const open of document.querySelectorAll(".menu details[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });
  document.addEventListener("htmx:after:swap", () => prepare(document));
  prepare(document);
})();
