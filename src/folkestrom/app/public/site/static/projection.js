"use strict";
// The page works without: this asks for it anew while a slider moves, and shows what is other.
const form = document.querySelector("form.levers");
const sure = document.getElementById("sure");
let wanted = null;
let asking = false;
let drawing = null;

// What may come takes longer: it is left out while a slider moves.
function query(whole) {
  const found = new URLSearchParams();
  for (const one of form.elements) {
    const shown = one.name && (whole || one.name !== "interval");
    if (shown && one.value !== one.dataset.asItWas) found.append(one.name, one.value);
  }
  return `${found}`.replaceAll("%2C", ",");
}

async function page(asked, how) {
  const answer = await fetch(`${form.getAttribute("action")}?${asked}`, how);
  if (!answer.ok) throw new Error(answer.statusText);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function show(fresh) {
  for (const old of document.querySelectorAll("[data-live]")) {
    old.replaceChildren(...fresh.getElementById(old.id).childNodes);
  }
}

// What is read aloud, and addresses, are other only when a slider rests.
function say(fresh) {
  const said = document.getElementById("said");
  said.textContent = fresh.getElementById("said").textContent;
  said.className = "out";
}

function rest(fresh, asked) {
  const other = document.querySelector("a.language");
  other.href = fresh.querySelector("a.language").getAttribute("href");
  document.getElementById("links").replaceChildren(...fresh.getElementById("links").childNodes);
  const open = sure.querySelector("details")?.open;
  sure.replaceChildren(...fresh.getElementById("sure").childNodes);
  if (open && sure.querySelector("details")) sure.querySelector("details").open = true;
  sure.removeAttribute("aria-busy");
  history.replaceState(null, "", asked ? `?${asked}` : location.pathname);
}

async function draw() {
  drawing = new AbortController();
  const asked = query(true);
  const fresh = await page(asked, { signal: drawing.signal });
  drawing = null;
  rest(fresh, asked);
}

async function ask(resting) {
  wanted = { asked: query(false), resting: resting || wanted?.resting };
  sure.setAttribute("aria-busy", "true");
  drawing?.abort();
  if (asking) return;
  asking = true;
  try {
    while (wanted) {
      const { asked, resting: rested } = wanted;
      wanted = null;
      const fresh = await page(asked);
      show(fresh);
      if (!rested || wanted) continue;
      say(fresh);
      if (asked === query(true)) rest(fresh, asked);
      else await draw().catch((error) => {
        if (error.name !== "AbortError") throw error;
      });
    }
  } catch {
    document.getElementById("said").textContent = form.dataset.failed;
    document.getElementById("said").className = "problem";
  } finally {
    asking = false;
  }
}

if (form) {
  for (const button of document.querySelectorAll(".levers button, .choices button")) {
    button.remove();
  }
  form.addEventListener("input", ({ target }) => {
    target.setAttribute("aria-valuetext", target.value + target.dataset.unit);
    target.labels[0].querySelector("output").value = target.value + target.dataset.unit;
    ask(false);
  });
  form.addEventListener("change", () => ask(true));
  for (const one of document.querySelectorAll("select[form]")) {
    one.addEventListener("change", () => ask(true));
  }
  form.addEventListener("submit", (event) => event.preventDefault());
}
