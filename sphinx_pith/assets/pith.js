// Shows the evidence of each verified citation, and checks it in the reader's own browser.
// It asks no server, and writes text, never markup.
(() => {
  "use strict";
  // The page may bring these in its own language.
  const ENGLISH = {
    evidence: "Evidence",
    verified: "Verified in your browser",
    failed: "FAILED",
    unchecked: "Not checked",
    built: "The build of this page verified it. Your browser did not.",
    claimed: "Unconfirmed, as this page says:",
    unconfirmed: "title not confirmed",
    number: "Pith Number",
    arxiv: "arXiv",
    submitted: "First submitted",
    authors: "Authors",
    unsigned: "not signed",
    key: "Key",
    steps: "Checked in your browser",
    "step-digest": "SHA-256 of the canonical record = digest",
    "step-number": "Digest and year = Pith Number of the link",
    "step-key": "Fingerprint of the key",
    "step-signature": "Ed25519 signature of the 32-byte digest by this key",
    "step-title": "SHA-256 of the title = signed hash",
    pass: "passed",
    "fail-digest": "The record is not the one that was signed.",
    "fail-number": "The record is not the one of the link.",
    "fail-key": "The key does not have its fingerprint.",
    "fail-signature": "The signature is not by this key.",
    "fail-title": "The title is not the signed one.",
    "no-evidence": "This page has no evidence that can be read.",
    "no-webcrypto": "Browsers do this on secure pages only (https:).",
    "no-ed25519": "This browser does not know Ed25519.",
    "no-key": "This page has no key for it.",
    error: "Your browser could not run the check."
  };
  const STEPS = ["digest", "number", "key", "signature", "title"];
  const DELAY = 300;
  const MARGIN = 8;
  const LEAST = 160;

  const isText = (value) => typeof value === "string" && value;
  const parse = (text) => { try { return JSON.parse(text); } catch { return null; } };
  const evidence = parse(document.getElementById("pith-evidence")?.textContent);
  const say = (id) => [evidence?.messages?.[id], ENGLISH[id]].find(isText);
  const digits = (bytes, radix, width) =>
    [...bytes].map((byte) => byte.toString(radix).padStart(width, "0")).join("");
  const hex = (bytes) => digits(bytes, 16, 2);
  const base32 = (bytes) => digits(bytes, 2, 8).match(/.{5}/g)
    .map((bits) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[parseInt(bits, 2)]).join("");
  const { subtle } = window.crypto ?? {};
  const utf8 = (text) => new TextEncoder().encode(text);
  // What is not base64 becomes no bytes, which then fail.
  const base64 = (text) => {
    try { text = atob(text); } catch { text = ""; }
    return Uint8Array.from(text, (byte) => byte.charCodeAt(0));
  };
  const sha256 = async (bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes));

  // True, false, or the reason why it could not be run.
  async function checkSignature(raw, signature, digest) {
    try {
      const key = await subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
      return await subtle.verify("Ed25519", key, signature, digest);
    } catch ({ name }) {
      return name === "DataError" ? false : name === "NotSupportedError" ? "no-ed25519" : "error";
    }
  }

  // How other text than ASCII is hashed is not known: there a miss proves nothing.
  async function checkTitle(title, signed) {
    if (!isText(title)) return null;
    // As Python's `\s`, which has \x1c to \x1f too.
    const normal = title.replace(/[\s\x1c-\x1f]+/g, " ").trim().toLowerCase();
    return hex(await sha256(utf8(normal))) === signed || (/[^\0-\x7f]/.test(title) ? null : false);
  }

  const NOTHING = { state: "unchecked", steps: {}, paper: {} };
  async function examine(suffix) {
    const found = { ...NOTHING };
    const unchecked = (reason) => ({ ...found, reason });
    const paper = evidence?.papers?.[suffix];
    const { canonical, sha256: claimed, signature, key, number } = paper ?? {};
    if (![canonical, claimed, signature, key, number].every(isText)) return unchecked("no-evidence");
    const { source, metadata } = parse(canonical) ?? {};
    const submitted = `${metadata?.submitted_at ?? ""}`.slice(0, 10);
    Object.assign(found, { paper, submitted, arxiv: source && `${source.id}v${source.version}` });
    const pinned = evidence.keys?.[key];
    if (!isText(pinned?.public)) return unchecked("no-key");
    if (!subtle) return unchecked("no-webcrypto");

    const raw = base64(pinned.public);
    const fingerprint = hex(await sha256(raw));
    const digest = await sha256(utf8(canonical));
    const computed = `pith:${submitted.slice(0, 4)}:${base32(digest).slice(0, 26)}`;
    const steps = found.steps = {
      digest: hex(digest) === claimed,
      number: computed === number && computed.endsWith(`:${suffix}`),
      key: fingerprint === key,
      signature: await checkSignature(raw, base64(signature), digest),
      title: await checkTitle(paper.title, metadata?.title_canon_sha256)
    };
    // 16 bytes, as they are published.
    found.key = `${pinned.id} ${fingerprint.slice(0, 32)}`;
    const broken = STEPS.find((step) => steps[step] === false);
    if (broken) return { ...found, state: "failed", reason: `fail-${broken}` };
    if (steps.signature !== true) return unchecked(steps.signature);
    return { ...found, state: "verified" };
  }

  const outcomes = {};
  const gaveUp = () => ({ ...NOTHING, reason: "error" });
  function outcome(link) {
    const suffix = /(?<![A-Z2-7])[A-Z2-7]{26}(?![A-Z2-7])/.exec(link.getAttribute("href"))?.[0];
    return (outcomes[suffix] = outcomes[suffix] ?? examine(suffix).catch(gaveUp));
  }

  // One card for the page, which stands after its citation.
  const toggles = new Map();
  const owners = new Map();
  let current = null;
  let pinned = false;
  let timer = 0;

  const make = (tag, name, ...children) => {
    const made = document.createElement(tag);
    made.className = name;
    made.append(...children);
    return made;
  };
  // Without characters that hide or reorder text.
  const clean = (text) => `${text ?? ""}`.replace(/\s+/g, " ").replace(/\p{C}/gu, "");
  const note = (id) => make("span", "pith-soft", ` (${say(id)})`);
  const label = (node, id, link) =>
    node.setAttribute("aria-label", `${say(id)}: ${clean(link.textContent)}`);

  const card = make("div", "pith-check");
  card.tabIndex = 0;
  card.setAttribute("role", "group");
  // In the top layer, nothing of the theme covers or cuts it.
  card.setAttribute("popover", "manual");
  const live = make("div", "pith-live");
  live.setAttribute("role", "status");

  function draw({ state, reason, steps, paper, submitted, arxiv, key }) {
    card.replaceChildren(make("p", `pith-result pith-is-${state}`, say(state)));
    const add = (name, text) => card.append(make("p", name, text));
    if (reason) add("", say(reason));
    if (state === "unchecked") add("", say("built"));
    if (paper.number) {
      if (state !== "verified") add("pith-soft", say("claimed"));
      const title = make("bdi", "", clean(paper.title) || "–");
      card.append(make("p", "pith-title", title, steps.title ? "" : note("unconfirmed")));
      const facts = make("dl", "simple");
      const { number, authors } = paper;
      for (const [id, value] of Object.entries({ number, arxiv, submitted, authors, key })) {
        const told = make("dd", "", make("bdi", "", clean(value)));
        if (id === "authors") told.append(note("unsigned"));
        if (value) facts.append(make("dt", "", say(id)), told);
      }
      card.append(facts);
    }
    add("pith-soft", say("steps"));
    card.append(make("ul", "", ...STEPS.map((step) => {
      const told = { true: "pass", false: "failed" }[steps[step]] ?? "unchecked";
      return make("li", `pith-is-${told}`, make("b", "", say(told)), ` ${say(`step-${step}`)}`);
    })));
  }

  // Below or above, where there is more room; what does not fit scrolls.
  function place() {
    if (!current) return;
    const toggle = toggles.get(current).getBoundingClientRect();
    const start = current.getClientRects()[0] ?? toggle;
    const { clientWidth, clientHeight } = document.documentElement;
    const below = clientHeight - toggle.bottom - 2 * MARGIN;
    const above = start.top - 2 * MARGIN;
    const wanted = card.scrollHeight + 2;
    const up = wanted > below && above > below;
    const room = Math.max(LEAST, up ? above : below);
    const height = Math.min(wanted, room, clientHeight - 2 * MARGIN);
    const inside = (at, most) => `${Math.max(MARGIN, Math.min(at, most - MARGIN))}px`;
    card.style.maxHeight = `${height}px`;
    card.style.left = inside(start.left, clientWidth - card.offsetWidth);
    const top = up ? start.top - MARGIN - height : toggle.bottom + MARGIN;
    card.style.top = inside(top, clientHeight - height);
  }

  function hide() {
    clearTimeout(timer);
    if (!current) return;
    const toggle = toggles.get(current);
    current = null;
    pinned = false;
    toggle.setAttribute("aria-expanded", "false");
    if (card === document.activeElement) toggle.focus();
    card.remove();
    live.textContent = "";
  }

  async function show(link, pin = false) {
    clearTimeout(timer);
    if (current !== link) hide();
    current = link;
    pinned = pinned || pin;
    const found = await outcome(link);
    if (current !== link || card.isConnected) return;
    draw(found);
    label(card, "evidence", link);
    const toggle = toggles.get(link);
    toggle.after(card);
    toggle.setAttribute("aria-expanded", "true");
    card.showPopover?.();
    place();
    live.textContent = [found.state, found.reason].filter(isText).map(say).join(". ");
  }

  for (const link of document.querySelectorAll("a.pith-verified")) {
    // This tooltip of the build would say verified whatever is found here.
    link.removeAttribute("title");
    const toggle = make("button", "pith-toggle");
    toggle.type = "button";
    toggle.setAttribute("aria-expanded", "false");
    label(toggle, "evidence", link);
    toggles.set(link, toggle);
    owners.set(toggle, link);
    link.after(toggle);
  }
  document.body.append(live);

  const listen = (type, run) => document.addEventListener(type, run, true);
  const citationOf = (node) => {
    const near = node.closest?.("a, .pith-toggle");
    return toggles.has(near) ? near : owners.get(near);
  };
  listen("pointerover", ({ target, pointerType }) => {
    const link = citationOf(target);
    clearTimeout(timer);
    if (pointerType === "touch" || pinned || card.contains(target)) return;
    if (link !== current && link) timer = setTimeout(show, DELAY, link);
    else if (!link && document.activeElement !== current) timer = setTimeout(hide, DELAY);
  });
  listen("focusin", ({ target }) => {
    const link = citationOf(target);
    const byKey = target.matches(":focus-visible");
    if (toggles.has(target) && byKey) show(target);
    // A pointer focuses a toggle too; then its click decides.
    else if (!card.contains(target) && !(link && (!byKey || (link === current && pinned)))) hide();
  });
  listen("click", ({ target }) => {
    const link = citationOf(target);
    if (owners.has(target)) link === current && pinned ? hide() : show(link, true);
    else if (!link && !card.contains(target)) hide();
  });
  listen("keydown", ({ key }) => { if (key === "Escape") hide(); });
  listen("scroll", ({ target }) => { if (target !== card) place(); });
  addEventListener("resize", place);

  // A failure must not wait to be looked at: while the browser is idle, each is checked in turn.
  const idle = window.requestIdleCallback ?? ((run) => setTimeout(run, DELAY));
  (async () => {
    for (const [link, toggle] of toggles) {
      await new Promise((resume) => idle(resume));
      const { state } = await outcome(link);
      if (state !== "failed") continue;
      link.classList.replace("pith-verified", "pith-failed");
      toggle.classList.add("pith-failed");
      toggle.textContent = say(state);
      label(toggle, state, link);
    }
  })();
})();
