// Keeps a page fresh: hears what changed, loads the page again in the background, and puts in only
// the pieces that differ, so that nothing jumps under the reader's hand.
"use strict";
(() => {
  const pause = Number(document.body.dataset.refresh) || 1000;
  const idle = 10000;
  const sign = document.getElementById("live");
  let wanted = false, busy = false, last = 0;

  function show(on) {
    sign.className = "live " + (on ? "on" : "off");
    const words = on ? sign.dataset.live : sign.dataset.lost;
    if (sign.textContent !== words) sign.textContent = words;
  }

  function leaves(root) {
    return [...root.querySelectorAll("main [id]")];
  }

  // A list that gained, lost or reordered its pieces is put in whole; else only what differs.
  function put(fresh) {
    const now = leaves(document), then = leaves(fresh);
    const same = now.length === then.length && now.every((e, i) => e.id === then[i].id);
    if (!same) {
      const open = [...document.querySelectorAll("details[open] summary")].map((e) => e.textContent);
      const held = document.activeElement && document.activeElement.getAttribute("href");
      document.querySelector("main").replaceWith(document.importNode(fresh.querySelector("main"), true));
      document.querySelectorAll("details").forEach((e) => { e.open = open.includes(e.querySelector("summary").textContent); });
      if (held) { const e = document.querySelector('main a[href="' + CSS.escape(held) + '"]'); if (e) e.focus({preventScroll: true}); }
      return;
    }
    now.forEach((e, i) => {
      const t = then[i];
      if (e.querySelector("[id]") || e.id === "content") return;
      if (e.className !== t.className) e.className = t.className;
      if (e.innerHTML !== t.innerHTML && !e.contains(document.activeElement)) e.innerHTML = t.innerHTML;
    });
  }

  async function load() {
    busy = true; wanted = false; last = Date.now();
    try {
      const answer = await fetch(location.href, {headers: {accept: "text/html"}});
      if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch (_) { wanted = true; }
    busy = false;
  }

  setInterval(() => {
    if (busy || document.hidden) return;
    const since = Date.now() - last;
    if ((wanted && since >= pause) || since >= idle) load();
  }, 200);

  const events = new EventSource("/api/v1/events");
  events.onopen = () => show(true);
  events.onerror = () => show(false);
  for (const kind of ["room", "ticket", "resync"]) events.addEventListener(kind, () => { wanted = true; });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) wanted = true; });
  last = Date.now();
})();
