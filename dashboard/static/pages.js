// Everything works without this file: it opens a night beside the matrix instead of as a page,
// moves between cells with the arrow keys, shows a filter's result as soon as it is chosen (what is
// written by keys waits for Enter or the button), knows the keys / and ?, and loads a page again
// while nobody works on it.
"use strict";

// Keys open a list or a calendar, and choose in it; any other writes a part of a date, or passes by
// a choice on the way to another: the page would go away with the year 0002.
const CHOOSING = [" ", "Enter", "F4"];

for (const form of document.querySelectorAll("form[data-live]")) {
  let isTyped = false;
  form.addEventListener("pointerdown", () => (isTyped = false));
  form.addEventListener("keydown", (event) => {
    isTyped = !CHOOSING.includes(event.key) && !event.altKey;
  });
  form.addEventListener("change", (event) => {
    if (event.target.matches("select, input[type=date]") && !isTyped) form.requestSubmit();
  });
  // An empty field is no filter: it stays out of the address. So do the days that a page shows
  // anyway: an address that is kept shows the last ones tomorrow, too.
  form.addEventListener("submit", () => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
    for (const name of ["until", "since"]) {
      const field = form.elements[name];
      if (!field || field.value !== field.dataset.usual) break;
      field.disabled = true;
    }
  });
}
// The browser restores the page as it was left: with the fields that were taken out, and with what
// was chosen to leave it, which is not what it shows.
addEventListener("pageshow", (event) => {
  for (const field of document.querySelectorAll("form[data-live] :disabled")) field.disabled = false;
  const way = performance.getEntriesByType("navigation")[0]?.type;
  if (!event.persisted && way !== "back_forward") return;
  for (const form of document.querySelectorAll("form[data-live]")) form.reset();
});

const dialog = document.getElementById("peek");

// While a night is open, the address is that of its page, which can be sent and needs no script.
async function peek(address) {
  const place = document.getElementById("peeked");
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    const text = await answer.text();
    const detail = new DOMParser().parseFromString(text, "text/html").getElementById("detail");
    if (!answer.ok || !detail) throw new Error("no detail");
    place.replaceChildren(document.importNode(detail, true));
  } catch {
    location.href = address;
    return;
  }
  dialog.scrollTop = 0;
  if (!dialog.open) dialog.showModal();
}

// Files opened from a folder may not be fetched by a page: they open as pages.
if (dialog && location.protocol !== "file:") {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-peek], .matrix a.cell");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    history.pushState({ night: link.href }, "", link.href);
    peek(link.href);
  });
  dialog.addEventListener("close", () => {
    if (history.state?.night) history.back();
  });
  addEventListener("popstate", (event) => {
    if (event.state?.night) peek(event.state.night);
    else if (dialog.open) dialog.close();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
// A night that was reloaded while it was open: back leads to the page it was opened on.
if (!dialog && history.state?.night) addEventListener("popstate", () => location.reload());

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

for (const table of document.querySelectorAll(".matrix")) {
  table.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const cell = event.target.closest("td, th");
    if (!step || !cell || !cell.parentElement.closest("tbody")) return;
    let row = cell.parentElement;
    let place = cell.cellIndex;
    for (;;) {
      if (step[0]) row = step[0] > 0 ? row.nextElementSibling : row.previousElementSibling;
      place += step[1];
      const next = row && row.cells[place];
      if (!next) return;
      const link = next.querySelector("a");
      if (!link) continue;
      event.preventDefault();
      link.focus();
      return;
    }
  });
}

const keys = document.getElementById("keys");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  if (event.key === "/") {
    const field = document.querySelector("main input[name=q], main input[type=search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "?" && keys && !keys.open) {
    event.preventDefault();
    keys.showModal();
  }
});

// The browser keeps the place when a page loads itself again; what was opened, typed, marked or
// reached by the keyboard would be lost, so then it stays as it is.
const SECONDS = 60;
let isTouched = false;
for (const name of ["input", "toggle", "submit"]) {
  document.addEventListener(name, () => (isTouched = true), true);
}
addEventListener("load", () => setTimeout(() => (isTouched = false), 0));

function isIdle() {
  const focus = document.activeElement;
  return (
    !isTouched &&
    !document.querySelector("dialog[open]") &&
    (!focus || focus === document.body || focus.id === "main") &&
    String(getSelection()) === ""
  );
}

if (location.protocol !== "file:" && document.querySelector("main[data-again]")) {
  setInterval(() => {
    if (document.visibilityState === "visible" && isIdle()) location.reload();
  }, SECONDS * 1000);
}
