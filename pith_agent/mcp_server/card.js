"use strict";
(() => {
  // Everything that is shown comes from outside: it is cleaned, and becomes text, never markup.
  const VERDICTS = new Map([
    ["verified", ["good", "check", "Verified",
      "A trusted key signed this record, and no check failed."]],
    ["failed", ["bad", "cross", "Failed", "A check failed. Do not cite this record."]],
    ["undecidable", ["warn", "query", "Undecidable",
      "Nothing is refuted, but something cannot be proved."]],
    ["not-found", ["none", "slash", "Not found", "No source that was asked has such a record."]],
    ["ambiguous", ["warn", "fork", "Ambiguous", "More than one record fits this identifier."]],
    ["unreachable", ["none", "off", "Unreachable",
      "Nothing was checked. This says nothing about the paper."]],
    ["invalid", ["bad", "bang", "Invalid", "Nothing was looked up."]],
    ["damaged", ["bad", "bang", "Damaged", "The store of this machine cannot be relied on."]],
  ]);
  const UNKNOWN = ["warn", "query", "Unknown verdict",
    "The answer contradicts itself or is not understood. Treat it as not verified."];
  const CLAIMED = "The record is genuine; what was claimed of the paper is wrong or not proved.";
  const STATUSES = new Map([
    ["pass", ["good", "check", "pass", "passed"]],
    ["fail", ["bad", "cross", "fail", "failed"]],
    ["undecidable", ["warn", "query", "not provable", "not provable"]],
    ["warn", ["warn", "bang", "warning", "with a warning"]],
    ["skipped", ["none", "dash", "nothing to check", "had nothing to check"]],
  ]);
  const UNKNOWN_STATUS = ["warn", "query", "unknown"];
  const CIRCLE = "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13z";
  const OCTAGON = "M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3z";
  const SHAPES = new Map([
    ["check", `${CIRCLE}M5 8.2l2.2 2.2L11.2 6`],
    ["cross", `${OCTAGON}M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6`],
    ["query", "M8 .9L15.1 8 8 15.1.9 8zM6.3 6.3a1.7 1.7 0 1 1 2.5 1.5q-.8.4-.8 1.4M8 11.3v.1"],
    ["bang", "M8 1.7l6.7 12.1H1.3zM8 6v3.6M8 11.6v.1"],
    ["slash", `${CIRCLE}M3.5 12.5l9-9`],
    ["off", "M6 1.8a6.5 6.5 0 0 0 0 12.4M10 1.8a6.5 6.5 0 0 1 0 12.4M8 4.8v3.6M8 11v.1"],
    ["fork", "M8 14.5V9.5L2.5 4M8 9.5L13.5 4M2.5 7.5V4H6M13.5 7.5V4H10"],
    ["dash", "M3 8h10"],
  ]);
  const PITH = /^pith:[0-9]{4}:([A-Z2-7]{26})$/;
  const ARXIV = /^(?:[0-9]{4}\.[0-9]{4,5}|[a-z]+(?:-[a-z]+)?\/[0-9]{7})v[1-9][0-9]{0,3}$/;
  const COLOURS = ["background-primary", "background-secondary", "text-primary", "text-secondary",
    "border-primary", "text-success", "text-danger", "text-warning", "text-info"]
    .map((name) => `--color-${name}`);
  const OTHER_STYLES = ["--font-sans", "--font-mono", "--border-radius-md"];
  const MOST = { items: 100, checks: 100, paths: 300, text: 400 };
  const ESCAPES = /\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b./gs;
  const root = document.documentElement;
  const cards = document.getElementById("cards");
  const status = document.getElementById("status");

  const object = (value) =>
    value && typeof value === "object" && !Array.isArray(value) ? value : {};
  const list = (value, most) => Array.isArray(value) ? value.slice(0, most) : [];
  const number = (value) => Number.isFinite(value) && value >= 0 ? value : 0;
  const plural = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

  // As `safe_text` of the server: what can hide, reorder or overprint text is dropped.
  function clean(value, limit = MOST.text) {
    if (typeof value !== "string") return "";
    const points = [...value.slice(0, 8 * limit + 64).replace(ESCAPES, "").replace(/\s+/g, " ")
      .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, "").replace(/(\p{M}{4})\p{M}+/gu, "$1").trim()];
    return points.length <= limit ? points.join("") : `${points.slice(0, limit - 1).join("")}…`;
  }

  function element(tag, name, ...children) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...children.filter(Boolean));
    return made;
  }

  function say(tag, name, value, limit) {
    const made = element(tag, name);
    made.textContent = clean(value, limit);
    return made;
  }

  function mark(tag, name, [kind, shape, word]) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", SHAPES.get(shape));
    svg.append(path);
    return element(tag, `mark ${kind} ${name}`, svg, say("span", "", word));
  }

  function facts(rows) {
    const shown = rows.filter(([, value]) => clean(value));
    if (!shown.length) return null;
    const made = element("dl", "facts");
    for (const [name, value, tag] of shown) {
      made.append(say("dt", "", name), element("dd", "", say(tag, "text", value)));
    }
    return made;
  }

  function link(url, text) {
    const made = say("a", "", text);
    made.href = url;
    made.target = "_blank";
    made.rel = "noopener noreferrer";
    made.addEventListener("click", (event) => {
      if (!host.connected) return;
      if (!host.opensLinks) { shownAddress(made, url); return; }
      event.preventDefault();
      ask("ui/open-link", { url }).catch(() => ({ isError: true }))
        .then((result) => { if (object(result).isError) shownAddress(made, url); });
    });
    return made;
  }

  function shownAddress(anchor, url) {
    const note = say("p", "small soft", "The host opens no links. The address is ");
    note.append(say("code", "", url));
    const place = anchor.closest(".links");
    place.parentNode.querySelector(".address")?.remove();
    note.classList.add("address");
    place.after(note);
    reportSize();
  }

  function problem(check) {
    const looks = STATUSES.get(check.status) ?? UNKNOWN_STATUS;
    return element("li", "",
      element("p", "", mark("span", "small", looks), " ", say("code", "", check.name), " ",
        say("code", "soft", check.code)),
      say("p", "text small", check.detail),
      facts([["Expected", check.expected, "code"], ["Found", check.found, "code"]]));
  }

  function tally(checks) {
    const counts = new Map();
    for (const { status } of checks) counts.set(status, (counts.get(status) ?? 0) + 1);
    const parts = [plural(counts.get("pass") ?? 0, "check passed", "checks passed")];
    for (const [name, [, , , words]] of STATUSES) {
      if (name !== "pass" && counts.get(name)) parts.push(`${counts.get(name)} ${words}`);
    }
    return parts.join(", ");
  }

  function checkSection(item) {
    const checks = list(item.checks, MOST.checks).map(object);
    const passes = checks.some(({ status }) => status === "pass");
    if (!passes && !["verified", "failed", "undecidable"].includes(item.verdict)) return [];
    const problems = checks.filter(({ status }) => status !== "pass" && status !== "skipped");
    const made = [say("h3", "", "Checks"), passes ? say("p", "tally", tally(checks))
      : say("p", "tally soft", "The checks that passed are not part of this answer.")];
    if (problems.length) made.push(element("ul", "problems", ...problems.map(problem)));
    if (checks.length > problems.length) {
      const rows = checks.map((check) => element("li", "",
        mark("span", "", STATUSES.get(check.status) ?? UNKNOWN_STATUS),
        element("span", "", say("code", "", check.name), document.createElement("br"),
          say("span", "text soft", check.detail))));
      made.push(element("details", "", say("summary", "", `All ${checks.length} checks`),
        element("ul", "all", ...rows)));
    }
    return made;
  }

  function pathList(name, meaning, paths, bindings) {
    const rows = paths.map((path) => {
      const row = element("li", "", say("code", "", path));
      const binding = object(Object.hasOwn(bindings, path) ? bindings[path] : null);
      if (binding.hash_path) {
        row.append(" ", say("span", "small soft",
          binding.hash_signed === true ? "(the hash is signed)" : "(the hash is not signed)"));
      }
      return row;
    });
    return element("div", "", say("h4", "", `${name}: ${paths.length}`),
      say("p", "small soft", meaning), element("ul", "paths", ...rows));
  }

  function coverageSection(item) {
    const coverage = object(item.coverage);
    const texts = (value) => list(value, MOST.paths).filter((path) => typeof path === "string");
    const groups = [
      ["Signed", "signed", texts(coverage.signed), "The signature covers the value."],
      ["Bound by a hash", "bound by a hash", texts(coverage.hash_bound),
        "The value hashes to a hash in the document. If that hash is not signed, whoever serves"
        + " the document can change both."],
      ["Protected by nothing", "protected by nothing", texts(coverage.unbound),
        "Whoever serves the document can change the value."],
    ];
    const all = groups.reduce((sum, [, , paths]) => sum + paths.length, 0);
    if (!all || !item.verdict) return [];
    const made = [say("h3", "", "Coverage of the document's fields")];
    made.push(element("ul", "groups", ...groups.map(([, words, paths]) =>
      element("li", "", say("b", "", String(paths.length)), " ", say("span", "", words)))));
    const signed = number(coverage.signed_bytes), whole = number(coverage.document_bytes);
    if (whole && signed <= whole) {
      const share = 100 * signed / whole;
      const words = `${signed.toLocaleString("en")} of ${plural(whole, "byte", "bytes")} are signed`
        + ` (${share.toFixed(share && share < 10 ? 1 : 0)} %)`;
      const bar = element("div", "bar", signed ? element("i") : null);
      bar.style.setProperty("--share", `${share}%`);
      bar.setAttribute("role", "img");
      bar.setAttribute("aria-label", words);
      made.push(bar, say("p", "small soft", words));
    }
    made.push(element("details", "", say("summary", "", `All ${all} fields`),
      ...groups.filter(([, , paths]) => paths.length).map(([name, , paths, meaning]) =>
        pathList(name, meaning, paths, object(coverage.bindings)))));
    return made;
  }

  function linkSection(item) {
    // Only what is proved is linked, and only to addresses made here.
    if (!isProved(item)) return null;
    const pith = PITH.exec(item.pith_number), arxiv = ARXIV.exec(item.arxiv);
    const links = [
      pith && link(`https://pith.science/pith/${pith[1]}`, "Record at pith.science"),
      arxiv && link(`https://arxiv.org/abs/${arxiv[0]}`, `arXiv:${arxiv[0]}`),
    ].filter(Boolean).map((made) => element("li", "", made));
    return links.length ? element("ul", "links", ...links) : null;
  }

  // Whether the record is proved: nothing failed, or nothing but what was claimed of the paper.
  function isProved({ verdict, code, pith_number, checks }) {
    const broken = list(checks, MOST.checks).map(object)
      .filter(({ status }) => status === "fail" || status === "undecidable");
    if (typeof pith_number !== "string" || !PITH.test(pith_number)) return false;
    if (verdict === "verified") return code === "ok" && !broken.length;
    return ["failed", "undecidable"].includes(verdict) && broken.length > 0
      && broken.every(({ name }) => typeof name === "string" && name.startsWith("claimed-"));
  }

  function looksOf(item) {
    const looks = VERDICTS.get(item.verdict) ?? UNKNOWN;
    if (item.verdict === "verified") return isProved(item) ? looks : UNKNOWN;
    return isProved(item) ? [...looks.slice(0, 3), CLAIMED] : looks;
  }

  function card(raw, place) {
    const looks = looksOf(object(raw));
    const item = looks === UNKNOWN ? { ...object(raw), verdict: "" } : object(raw);
    const proved = isProved(item);
    const title = proved ? clean(item.title) : "";
    const verdict = mark("p", "verdict", looks);
    const heading = say("h2", "text", title || item.target || "No identifier");
    verdict.id = `verdict-${place}`;
    heading.id = `heading-${place}`;
    const made = element("article", looks[0], verdict, heading,
      proved && !title ? say("p", "soft small", "The record proves no title.") : null,
      say("p", "soft small", looks[3]),
      clean(item.message) ? element("p", "why", say("span", "text", item.message), " ",
        say("code", "soft", item.code)) : null,
      clean(item.hint) ? say("p", "text", item.hint) : null,
      facts([
        [proved ? "Pith Number" : "Number computed", item.pith_number, "code"],
        ["arXiv", proved ? item.arxiv : "", "code"],
        ["Asked for", title ? item.target : "", "code"],
        ["From", item.found_in, "span"],
        ["Received", item.fetched_at, "span"],
        ...list(item.candidates, 20).map((name) => ["Candidate", name, "code"]),
      ]),
      ...checkSection(item), ...coverageSection(item), linkSection(item));
    made.setAttribute("aria-labelledby", `${verdict.id} ${heading.id}`);
    return made;
  }

  function summary(items) {
    const counts = new Map();
    for (const item of items) {
      const word = looksOf(object(item))[2].toLowerCase();
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const parts = [...counts].map(([word, count]) => `${count} ${word}`).join(", ");
    return `${plural(items.length, "entry", "entries")}: ${parts}`;
  }

  function show(message, made = []) {
    status.textContent = clean(message);
    status.classList.remove("waiting");
    status.classList.toggle("hidden", made.length === 1);
    cards.replaceChildren(...made);
    cards.hidden = !made.length;
    cards.setAttribute("aria-busy", "false");
    reportSize();
  }

  // Some hosts pass on the text only; it holds the same JSON.
  function itemsOf(result) {
    const told = object(result.structuredContent).items;
    if (Array.isArray(told)) return told;
    for (const block of list(result.content, 20)) {
      try {
        const { items } = object(JSON.parse(object(block).text));
        if (Array.isArray(items)) return items;
      } catch { continue; }
    }
    return null;
  }

  function showResult(params) {
    const result = object(params);
    const items = result.isError === true ? null : itemsOf(result);
    if (items) {
      const end = items.length > MOST.items ? `; the first ${MOST.items} are shown` : "";
      return show(summary(items) + end, items.slice(0, MOST.items).map(card));
    }
    const words = list(result.content, 5).map((block) => clean(object(block).text, 1500));
    const looks = ["bad", "cross", result.isError === true ? "The call failed" : "No answer"];
    show(looks[2], [element("article", "bad", mark("p", "verdict", looks),
      say("p", "text why", words.filter(Boolean).join(" ") || "The host gave no reason.", 4000))]);
  }

  function showInput(params) {
    if (cards.getAttribute("aria-busy") !== "true") return;
    const { ids, claims, records } = object(object(params).arguments);
    const count = [ids, claims, records].flatMap((value) => value ?? []).length;
    status.textContent = `Checking${count ? ` ${plural(count, "entry", "entries")}` : ""}…`;
    reportSize();
  }

  // The host's end: JSON-RPC over postMessage. The parent's origin cannot be known, and what is
  // sent is no secret; what is received must come from the parent.
  const host = { connected: false, opensLinks: false };
  const waiting = new Map();
  let nextId = 1;

  const send = (message) => window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*");
  const notify = (method, params) => send({ method, params });
  const ask = (method, params) => new Promise((resolve, reject) => {
    waiting.set(nextId, { resolve, reject });
    send({ id: nextId++, method, params });
  });

  let told = "";
  function reportSize() {
    if (!host.connected) return;
    const width = Math.ceil(window.innerWidth);
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (told === `${width} ${height}`) return;
    told = `${width} ${height}`;
    notify("ui/notifications/size-changed", { width, height });
  }

  function adopt(params) {
    const context = object(params);
    if (context.theme === "light" || context.theme === "dark") root.dataset.theme = context.theme;
    const styles = object(object(context.styles).variables);
    const usable = (name) => Object.hasOwn(styles, name) && typeof styles[name] === "string"
      && styles[name].length < 300 && !/url|image/i.test(styles[name]);
    // Half a set of colours could leave text on a ground of the same colour.
    const whole = usable("--color-background-primary") && usable("--color-text-primary");
    for (const name of [...(whole ? COLOURS : []), ...OTHER_STYLES]) {
      if (usable(name)) root.style.setProperty(name, styles[name]);
    }
    const insets = object(context.safeAreaInsets);
    for (const side of ["top", "right", "bottom", "left"]) {
      const inset = number(insets[side]);
      if (inset) document.body.style.setProperty(`padding-${side}`, `${12 + inset}px`);
    }
  }

  const NOTIFICATIONS = new Map([
    ["ui/notifications/tool-input", showInput],
    ["ui/notifications/tool-result", showResult],
    ["ui/notifications/tool-cancelled", () => show("The call was cancelled; nothing was checked.")],
    ["ui/notifications/host-context-changed", (params) => { adopt(params); reportSize(); }],
  ]);

  window.addEventListener("message", ({ source, data }) => {
    const message = object(data);
    if (source !== window.parent || message.jsonrpc !== "2.0") return;
    if (typeof message.method !== "string") {
      const { resolve, reject } = waiting.get(message.id) ?? {};
      waiting.delete(message.id);
      if (resolve) "error" in message ? reject(message.error) : resolve(message.result);
    } else if (message.id === undefined) {
      NOTIFICATIONS.get(message.method)?.(message.params);
    } else if (message.method === "ping" || message.method === "ui/resource-teardown") {
      send({ id: message.id, result: {} });
    } else {
      send({ id: message.id, error: { code: -32601, message: "Method not found" } });
    }
  });

  if (window.parent === window) {
    show("This page shows the answer of a tool inside a host. There is no host here.");
    return;
  }
  new ResizeObserver(reportSize).observe(document.body);
  ask("ui/initialize", {
    protocolVersion: "2026-01-26",
    appInfo: { name: "pith-agent-verification", version: "1.0.0" },
    appCapabilities: { availableDisplayModes: ["inline", "fullscreen"] },
  }).then((result) => {
    const { hostContext, hostCapabilities } = object(result);
    host.connected = true;
    host.opensLinks = hostCapabilities === undefined || "openLinks" in object(hostCapabilities);
    adopt(hostContext);
    notify("ui/notifications/initialized", {});
    reportSize();
  }, () => undefined);
})();
