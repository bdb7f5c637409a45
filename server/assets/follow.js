// Reads report and secret from behind the "#" (they are sent to nobody) and shows where the report stands.
"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const language = document.documentElement.lang;
  const words = new Map([...at("words").querySelectorAll("dt")].map((dt) => [dt.textContent, dt.nextElementSibling.textContent]));
  const [id, given] = location.hash.slice(1).split(".");
  let secret = given || "";

  const day = (text) => new Date(text).toLocaleDateString(language, { dateStyle: "long" });
  const say = (name) => { at("message").textContent = name ? at("message").dataset[name] : ""; };
  const ask = (path, method) => fetch(`/v1/reports/${encodeURIComponent(id)}${path}`, { method, headers: { "X-Follow-Secret": secret } });

  function show(report) {
    at("reference").textContent = report.reference;
    at("status").textContent = words.get(report.status) || report.status;
    at("received").textContent = day(report.received_at);
    at("received").dateTime = report.received_at;
    at("expected-line").hidden = !report.expected_by;
    if (report.expected_by) at("expected").textContent = `${day(report.expected_by.from)} – ${day(report.expected_by.to)}`;
    at("description").textContent = report.description || "";
    at("history").replaceChildren(...report.history.map((step) => {
      const line = document.createElement("li");
      line.textContent = `${day(step.at)} : ${words.get(step.status) || step.status}${step.note ? ` — ${step.note}` : ""}`;
      return line;
    }));
    at("still-there").hidden = report.status !== "fixed";
    at("report").hidden = false;
    at("ask").hidden = true;
  }

  async function load() {
    try {
      const answer = await ask("", "GET");
      if (answer.ok) { show(await answer.json()); return true; }
      say(answer.status === 404 ? "unknown" : "away");
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
      if (answer.ok && await load()) say("reopened"); else if (!answer.ok) say("away");
    } catch { say("away"); }
  });

  if (!id) say("unknown"); else if (secret) load(); else at("ask").hidden = false;
})();
