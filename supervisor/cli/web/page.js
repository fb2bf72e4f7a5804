// The script of `orch web`: enter by the link, follow the run, answer without leaving the place.
"use strict";
(() => {
  const at = document.documentElement.dataset;
  // The token stands behind the #, so no request and no log has it; it leaves the address at once.
  if (at.page === "enter") {
    const token = location.hash.slice(1);
    if (!token) return;
    history.replaceState(null, "", location.pathname);
    const body = new URLSearchParams({ token });
    fetch("/enter", { method: "POST", body, headers: { Accept: "application/json" } })
      .then((answer) => { if (answer.ok) location.reload(); else document.getElementById("late").hidden = false; })
      .catch(() => {});
    return;
  }
  let version = at.version, stream = null, again = null, hush = null;
  const place = location.pathname;

  const keep = (old, fresh) => {
    const open = new Set([...old.querySelectorAll("details[open][id]")].map((one) => one.id));
    for (const one of fresh.querySelectorAll("details[id]")) if (open.has(one.id)) one.open = true;
    const left = [...old.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
    for (const one of old.querySelectorAll("textarea[id], input[id]")) {
      const now = fresh.querySelector("#" + CSS.escape(one.id));
      if (now && one.value !== one.defaultValue) now.value = one.value;
      if (now && one.checked) now.checked = true;
    }
    old.replaceWith(fresh);
    [...fresh.querySelectorAll(".scroll")].forEach((one, n) => { one.scrollLeft = left[n] || 0; });
  };
  // Parts that did not change stay as they are, with what was typed into them. Return whether one is missing: it came
  // empty, as one that is here already, and is not.
  const merge = (old, fresh) => {
    const known = new Map([...old.children].filter((one) => one.id).map((one) => [one.id, one]));
    const parts = [...fresh.children], stays = new Set(parts.map((one) => one.id));
    // What is gone goes first: a part that is moved loses the cursor that is in it.
    for (const [id, gone] of known) if (!stays.has(id)) gone.remove();
    let before = null, missing = false;
    for (const part of parts) {
      let mine = known.get(part.id);
      if (mine && "list" in part.dataset) { missing = merge(mine, part) || missing; }
      else if (!mine || mine.dataset.rev !== part.dataset.rev) {
        if ("same" in part.dataset) { missing = true; if (!mine) continue; }
        else { if (mine) keep(mine, part); mine = part; }
      }
      const next = before ? before.nextElementSibling : old.firstElementChild;
      if (next !== mine) old.insertBefore(mine, next);
      before = mine;
    }
    return missing;
  };
  const take = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html"), cursor = document.activeElement;
    if (Number(page.documentElement.dataset.version) < Number(version)) return false;  // it was overtaken on its way
    version = page.documentElement.dataset.version;
    document.title = page.title;
    const missing = [merge(document.getElementById("top"), page.getElementById("top")),
                     merge(document.getElementById("parts"), page.getElementById("parts"))].includes(true);
    // The cursor stays where it was, also in a part that was replaced or moved.
    if (cursor && cursor.id && cursor !== document.activeElement) {
      document.getElementById(cursor.id)?.focus({ preventScroll: true });
    }
    document.body.classList.remove("stale");
    return missing;
  };
  const show = async () => {
    const answer = await fetch(place, { headers: { Accept: "text/html" } });
    if (answer.status === 401) location.reload();
    else if (answer.ok) take(await answer.text());
  };
  const follow = () => {
    if (stream || document.hidden) return;
    stream = new EventSource(place + "?after=" + encodeURIComponent(version));
    stream.onmessage = (event) => { if (take(JSON.parse(event.data))) show().catch(() => {}); };
    stream.onopen = () => document.body.classList.remove("stale");
    stream.onerror = () => {
      document.body.classList.add("stale");
      if (stream && stream.readyState === 2) {
        stream = null;
        clearTimeout(again);
        again = setTimeout(() => show().catch(() => {}).finally(follow), 3000);
      }
    };
  };
  // A browser has six connections for all its tabs: those that nobody sees ask now and then instead.
  setInterval(() => { if (document.hidden) show().catch(() => {}); }, 20000);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { if (stream) stream.close(); stream = null; } else { show().catch(() => {}); follow(); }
  });
  follow();

  const said = document.getElementById("said");
  document.addEventListener("submit", async (event) => {
    const form = event.target, button = event.submitter;
    if (form.method !== "post" || form.action.endsWith("/confirm")) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, button));
    if (button) button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      const told = await answer.json();
      if (told.next) { location.assign(told.next); return; }
      said.textContent = told.text;
      said.className = told.ok ? "said" : "said problem";
      clearTimeout(hush);
      if (told.ok) { form.reset(); hush = setTimeout(() => { said.textContent = ""; said.className = ""; }, 10000); }
      await show();
    } catch { said.textContent = "orch web does not answer."; said.className = "said problem"; }
    finally { if (button) button.disabled = false; }
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const to = { o: "/", p: "/plan", l: "/log", m: "/map" }[event.key];
    if (to) { location.assign(to); return; }
    if (event.key === "a") (document.querySelector("#asks textarea") || document.querySelector("#asks section"))?.focus();
    if (event.key === "j" || event.key === "k") {
      const rows = [...document.querySelectorAll("a.row")], here = rows.indexOf(document.activeElement);
      rows[Math.min(rows.length - 1, Math.max(0, here + (event.key === "j" ? 1 : -1)))]?.focus();
    }
  });
})();
