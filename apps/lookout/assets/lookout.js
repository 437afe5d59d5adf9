"use strict";
// Keeps the page as it is on the server. Everything here only improves on what was sent: without
// scripts the page shows the same, as of the time it was asked for.

const STALE_AFTER_MS = 25_000; // the server sends something every ten seconds
const freshness = document.getElementById("freshness");
const word = document.getElementById("freshness-word");
const rows = document.getElementById("rows");
const filter = document.getElementById("filter");
const endpoint = document.querySelector("[data-endpoint]")?.dataset.endpoint;
let heardAt = Date.now();

const clock = (date, withDay) => date.toLocaleString(undefined, withDay
  ? { dateStyle: "medium", timeStyle: "short" }
  : { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Shows times in the viewer's zone; the day only where it is another one. */
function localize(root) {
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time")) {
    const date = new Date(time.dateTime);
    time.textContent = clock(date, date.toDateString() !== today);
    time.title = date.toLocaleString();
  }
}

function heard() {
  heardAt = Date.now();
  showFreshness();
}

function showFreshness() {
  const stale = Date.now() - heardAt > STALE_AFTER_MS;
  freshness.className = "freshness " + (stale ? "stale" : "live");
  word.textContent = stale ? "stale since " + clock(new Date(heardAt)) : "live";
  document.body.classList.toggle("stale-page", stale);
}

function showSummary(summary) {
  const sentence = document.getElementById("sentence");
  document.getElementById("icon").href = `/assets/icon-${summary.state}.svg`;
  if (!sentence) return;
  // Only a change is announced to screen readers.
  if (sentence.textContent !== summary.sentence) sentence.textContent = summary.sentence;
  sentence.dataset.state = summary.state;
  document.title = document.title.replace(/^.*? · /, summary.short + " · ");
}

function showRow(update) {
  const old = document.getElementById("row-" + update.id);
  if (!old) return;
  const holder = document.createElement("template");
  holder.innerHTML = update.html.trim();
  const row = holder.content.firstElementChild;
  localize(row);
  const focused = old.contains(document.activeElement);
  row.hidden = !matches(row);
  old.replaceWith(row);
  if (focused) row.querySelector("a").focus();
  arrangeSoon();
}

/** Once for all rows that came together, however many. */
let arranging = 0;
function arrangeSoon() {
  arranging ||= requestAnimationFrame(() => { arranging = 0; sort(); countShown(); });
}

/** Worst first, then by name, as the server sorts; never under the viewer's pointer or focus. */
function sort() {
  if (rows.matches(":hover") || rows.contains(document.activeElement)) return;
  const rank = (row) => row.dataset.rank;
  const sorted = [...rows.children].sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
  if (sorted.some((row, at) => row !== rows.children[at])) rows.append(...sorted);
}

const matches = (row) => row.dataset.words.toLowerCase().includes(filter.value.trim().toLowerCase());

function countShown() {
  document.getElementById("nothing").hidden = [...rows.children].some((row) => !row.hidden);
}

function applyFilter() {
  for (const row of rows.children) row.hidden = !matches(row);
  countShown();
  const url = new URL(location.href);
  const wanted = filter.value.trim();
  if (wanted) url.searchParams.set("filter", wanted);
  else url.searchParams.delete("filter");
  history.replaceState(null, "", url);
}

/** The page of one endpoint is drawn anew by the server: at most every two seconds, and less often
 * when that takes it long, as a month of checks may. */
let drawing = false;
let again = false;
async function redraw() {
  if (drawing) { again = true; return; }
  drawing = true;
  again = false;
  const begun = performance.now();
  try {
    const response = await fetch(location.href, { headers: { accept: "text/html" } });
    if (response.ok) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const main = page.getElementById("main");
      localize(main);
      document.getElementById("main").replaceWith(main);
      document.title = page.title;
    }
  } catch {
    // The freshness mark tells that the server is gone.
  }
  const pause = Math.max(2_000, 20 * (performance.now() - begun));
  setTimeout(() => { drawing = false; if (again) redraw(); }, pause);
}

const runOf = (version) => version.split("-")[0];

function listen() {
  const events = new EventSource("/events?last_event_id=" + document.body.dataset.version);
  events.onopen = heard;
  events.addEventListener("beat", heard);
  events.addEventListener("summary", (event) => { heard(); showSummary(JSON.parse(event.data)); });
  events.addEventListener("row", (event) => {
    heard();
    // Lookout was started anew: the endpoints, and the page itself, may be others.
    if (runOf(event.lastEventId) !== runOf(document.body.dataset.version)) return location.reload();
    const update = JSON.parse(event.data);
    if (rows) showRow(update);
    else if (update.id === endpoint) redraw();
  });
}

if (rows) {
  filter.value = new URLSearchParams(location.search).get("filter") ?? "";
  filter.addEventListener("input", applyFilter);
  document.getElementById("clear").addEventListener("click", () => { filter.value = ""; applyFilter(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== filter) { event.preventDefault(); filter.focus(); }
  });
  if (filter.value) applyFilter();
}
localize(document);
listen();
setInterval(showFreshness, 1_000);
