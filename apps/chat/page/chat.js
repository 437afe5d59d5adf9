"use strict";
const lines = document.getElementById("lines");
const state = document.getElementById("state");
const form = document.getElementById("form");
const [name, text] = [document.getElementById("name"), document.getElementById("text")];
let seen = 0;
let socket = null;

function show(line) {
  if (line.number <= seen) return;
  seen = line.number;
  const item = document.createElement("li");
  const who = document.createElement("b");
  who.textContent = line.name;
  item.append(who, line.text);
  lines.append(item);
  item.scrollIntoView({ block: "end" });
}

/** Opens the socket; one that never opened is replaced by polling, one that broke is opened again. */
function connect() {
  let opened = false;
  socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/socket?after=" + seen);
  socket.onopen = () => { opened = true; state.textContent = "connected"; };
  socket.onmessage = (event) => show(JSON.parse(event.data));
  socket.onclose = () => {
    socket = null;
    state.textContent = opened ? "connecting again" : "polling";
    if (opened) setTimeout(connect, 1_000 + Math.random() * 1_000);
    else poll();
  };
}

async function poll() {
  for (;;) {
    try {
      const response = await fetch("/messages?after=" + seen);
      if (!response.ok) throw new Error(response.statusText);
      (await response.json()).forEach(show);
      state.textContent = "polling";
    } catch {
      state.textContent = "nobody answers";
      await new Promise((go) => setTimeout(go, 2_000));
    }
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = JSON.stringify({ name: name.value, text: text.value });
  text.value = "";
  if (socket?.readyState === WebSocket.OPEN) socket.send(said);
  else await fetch("/messages", { method: "POST", headers: { "content-type": "application/json" }, body: said });
});

if (new URLSearchParams(location.search).has("poll")) poll();
else connect();
