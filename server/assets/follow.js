// Reads report and secret from behind the "#" (they are sent to nobody) and shows where the report stands.
"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const language = document.documentElement.lang;
  const words = new Map([...at("words").querySelectorAll("dt")].map((dt) => [dt.textContent, dt.nextElementSibling.textContent]));
  const [id, given] = location.hash.slice(1).split(".");
  let secret = given || "";

  // The first of a month is "1er" in French, which Intl does not know.
  const ordinal = (text) => (language === "fr" ? text.replace(/(^|\D)1(?=\s?[–-]|\s\p{L})/gu, (_, before) => `${before}1er`) : text);
  const day = (text) => ordinal(new Date(text).toLocaleDateString(language, { dateStyle: "long" }));
  const moment = (text) => ordinal(new Date(text).toLocaleString(language, { dateStyle: "long", timeStyle: "short" }));
  const say = (name) => { at("message").textContent = name ? at("message").dataset[name] : ""; };
  const ask = (path, method) => fetch(`/v1/reports/${encodeURIComponent(id)}${path}`, { method, headers: { "X-Follow-Secret": secret } });

  function make(tag, text, ...children) {
    const element = document.createElement(tag);
    if (text) element.textContent = text;
    element.append(...children);
    return element;
  }

  // Labels stand in data attributes of the list; what has no value is left out.
  function facts(list, entries) {
    list.replaceChildren(...entries.filter(([, value]) => value).flatMap(([name, value]) => [
      make("dt", list.dataset[name]),
      make("dd", "", value),
    ]));
  }

  function link(href, text) {
    const anchor = make("a", text);
    anchor.href = href;
    return anchor;
  }

  function step(entry) {
    const time = make("time", moment(entry.at));
    time.dateTime = entry.at;
    return make("li", "", time, words.get(entry.status) || entry.status, ...(entry.note ? [make("p", entry.note)] : []));
  }

  function photo(entry) {
    const text = at("photos").dataset[entry.of_repair ? "repair" : "problem"];
    const image = make("img");
    image.src = entry.links.small;
    image.alt = text;
    const anchor = link(entry.links.large, "");
    anchor.append(image);
    return make("li", "", anchor, make("span", text));
  }

  function range({ from, to }) {
    if (from === to) return day(from);
    return ordinal(new Intl.DateTimeFormat(language, { dateStyle: "long" }).formatRange(new Date(from), new Date(to)));
  }

  function show(report) {
    at("report").dataset.status = report.status;
    at("reference").textContent = `${report.jurisdiction.name} · ${report.reference}`;
    at("status").textContent = words.get(report.status) || report.status;
    at("next").textContent = words.get(`next-${report.status}`) || "";
    at("reason").hidden = !report.reason_text;
    at("reason").textContent = report.reason_text || "";
    at("expected-line").hidden = !report.expected_by;
    if (report.expected_by) at("expected").textContent = range(report.expected_by);
    at("history").replaceChildren(...report.history.map(step));
    at("history").parentElement.hidden = report.history.length === 0;
    at("photos").replaceChildren(...(report.photos || []).map(photo));
    at("photos").hidden = !report.photos;
    facts(at("facts"), [
      ["category", report.category_label],
      ["place", report.place],
      ["received", moment(report.received_at)],
      ["words", report.description],
      ["others", report.alert && report.alert.reported_by !== "1" && report.alert.reported_by],
    ]);
    const { service, body } = report;
    facts(at("contacts"), [
      ["body", body && body.name],
      ["service", service && service.name],
      ["phone", service && link(`tel:${service.phone.replace(/[^+\d]/g, "")}`, service.phone)],
      ["address", service && service.postal_address],
    ]);
    at("contact").hidden = !service;
    at("not-watched").textContent = report.not_watched;
    at("unsubscribe").hidden = !report.unsubscribe_url;
    if (report.unsubscribe_url) at("unsubscribe").href = report.unsubscribe_url;
    at("still-there").hidden = report.status !== "fixed";
    at("report").hidden = false;
    at("ask").hidden = true;
  }

  async function load() {
    try {
      const answer = await ask("", "GET");
      if (answer.ok) { show(await answer.json()); return true; }
      say(answer.status === 404 || answer.status === 400 ? "unknown" : answer.status === 429 ? "busy" : "away");
      at("ask").hidden = answer.status !== 404;
    } catch { say("away"); }
    return false;
  }

  at("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    secret = at("secret").value.trim();
    say("");
    load();
  });
  at("still-there").addEventListener("click", async () => {
    try {
      const answer = await ask("/still-there", "POST");
      if (answer.ok && await load()) say("reopened"); else if (!answer.ok) say({ 409: "late", 429: "busy" }[answer.status] || "away");
    } catch { say("away"); }
  });

  if (!id) say("none"); else if (secret) load(); else at("ask").hidden = false;
})();
