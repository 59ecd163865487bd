// What a page does better with JavaScript: acts without a reload, answers as they come, and what came in sight.
"use strict";
const token = document.body.dataset.token || "";
const page = document.body.dataset.page || "";

function say(text) {
  const said = document.getElementById("said");
  said.textContent = "";
  requestAnimationFrame(() => { said.textContent = text; });
}

async function post(address, values) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRF-Token": token },
    body: new URLSearchParams(values),
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

// Undo: what stands in the place of a story, or beside its acts.
function undoer(done, back) {
  const line = document.createElement("p");
  line.className = "folded";
  line.append(done.said + " ");
  const button = document.createElement("button");
  button.className = "plain";
  button.textContent = done.undo;
  button.addEventListener("click", async () => {
    const taken = await post("/undo", { event_id: done.event_id });
    say(taken.said);
    back();
  });
  line.append(button);
  return line;
}

async function act(form, button) {
  const story = form.closest(".story");
  const values = Object.fromEntries(new FormData(form));
  values.act = button.value;
  let done;
  try {
    done = await post("/act", values);
  } catch {
    button.dataset.tried = "yes"; // also if the answer took longer than a second: else this would begin again
    form.requestSubmit(button); // the way without JavaScript says what is wrong
    return;
  }
  say(done.said);
  const menu = form.querySelector("details");
  if (menu) menu.open = false;
  if (button.value === "hide" || button.value === "dislike") fold(story, done);
  else if (button.value === "save") press(button, done);
  else form.after(undoer(done, () => form.nextElementSibling.remove()));
}

function fold(story, done) {
  const inside = [...story.children];
  const line = undoer(done, () => {
    line.remove();
    inside.forEach((part) => { part.hidden = false; });
    story.querySelector("h1 a, h2 a, h3 a, h1").focus();
  });
  inside.forEach((part) => { part.hidden = true; });
  story.append(line);
  line.querySelector("button").focus();
}

function press(button, done) {
  const label = button.textContent;
  button.textContent = button.dataset.done;
  button.setAttribute("aria-pressed", "true");
  button.value = "unsave";
  button.dataset.event = done.event_id;
  button.onclick = async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const taken = await post("/undo", { event_id: done.event_id });
    say(taken.said);
    button.textContent = label;
    button.removeAttribute("aria-pressed");
    button.value = "save";
    button.onclick = null;
  };
}

document.addEventListener("submit", (event) => {
  const form = event.target, button = event.submitter;
  if (!form.matches(".story > form.acts") || !token || form.action.endsWith("/undo")) return;
  if (!button || button.dataset.tried || button.value === "unsave") return;
  event.preventDefault();
  act(form, button).catch(() => {});
  button.dataset.tried = "yes"; // a second try goes the way without JavaScript
  setTimeout(() => { delete button.dataset.tried; }, 1000);
});

// A menu closes by Escape, and when another is opened.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector(".acts details[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
document.addEventListener("toggle", (event) => {
  if (!event.target.matches(".acts details") || !event.target.open) return;
  document.querySelectorAll(".acts details[open]").forEach((one) => { if (one !== event.target) one.open = false; });
}, true);

// Answers: first the sentences, then the stories that they are from.
const ask = document.querySelector("form.ask");
if (ask && window.EventSource) {
  let stream;
  ask.addEventListener("submit", (event) => {
    const question = ask.elements.q.value.trim();
    if (!question) return;
    event.preventDefault();
    if (stream) stream.close();
    const [answer, stories] = [document.getElementById("answer"), document.getElementById("answered")];
    answer.textContent = ask.dataset.wait;
    stories.textContent = "";
    const query = "?q=" + encodeURIComponent(question);
    history.replaceState(null, "", "/ask" + query);
    stream = new EventSource("/ask/stream" + query);
    stream.addEventListener("answer", (part) => { answer.innerHTML = part.data; });
    stream.addEventListener("stories", (part) => { stories.innerHTML = part.data; stream.close(); });
    stream.onerror = () => { stream.close(); if (!stories.innerHTML) answer.textContent = ask.dataset.failed; };
  });
}

// What came in sight for a second or more, and how long; sent once, when the page is left, and with consent alone.
if (token && page && navigator.sendBeacon && window.IntersectionObserver) {
  const since = new Map(), seen = new Map();
  const now = () => performance.now() / 1000;
  const leave = (slot) => {
    if (since.has(slot)) seen.set(slot, (seen.get(slot) || 0) + now() - since.get(slot));
    since.delete(slot);
  };
  const watch = new IntersectionObserver((entries) => entries.forEach((entry) => {
    const slot = entry.target.dataset.slot;
    if (entry.isIntersecting) since.set(slot, now()); else leave(slot);
  }), { threshold: 0.5 });
  document.querySelectorAll(".story[data-slot]").forEach((story) => watch.observe(story));
  const story = document.body.dataset.story || "", opened = now();
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden") return;
    [...since.keys()].forEach(leave);
    const views = [...seen].filter(([, seconds]) => seconds >= 1).map(([slot, seconds]) => ({ slot: Number(slot), seconds }));
    seen.clear();
    const sent = { csrf_token: token, page, views, story, seconds: story ? now() - opened : 0 };
    if (views.length || story) navigator.sendBeacon("/beacon", JSON.stringify(sent));
  });
}
