"use strict";
// The page works without: this asks for it anew while a slider moves, and shows what is other.
const form = document.querySelector("form.levers");
let wanted = null;
let asking = false;

function query() {
  const found = new URLSearchParams();
  for (const one of form.querySelectorAll("input")) {
    if (one.value !== one.dataset.asItWas) found.append(one.name, one.value);
  }
  return `${found}`;
}

function show(fresh) {
  for (const old of document.querySelectorAll("[data-live]")) {
    old.replaceChildren(...fresh.getElementById(old.id).childNodes);
  }
}

// What is read aloud, and addresses, are other only when a slider rests.
function rest(fresh, asked) {
  const said = document.getElementById("said");
  said.textContent = fresh.getElementById("said").textContent;
  said.className = "out";
  const other = document.querySelector("a.language");
  other.href = fresh.querySelector("a.language").getAttribute("href");
  history.replaceState(null, "", asked ? `?${asked}` : location.pathname);
}

async function ask(resting) {
  wanted = { asked: query(), resting: resting || wanted?.resting };
  if (asking) return;
  asking = true;
  try {
    while (wanted) {
      const { asked, resting: rested } = wanted;
      wanted = null;
      const answer = await fetch(`${form.getAttribute("action")}?${asked}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      show(fresh);
      if (rested) rest(fresh, asked);
    }
  } catch {
    document.getElementById("said").textContent = form.dataset.failed;
    document.getElementById("said").className = "problem";
  } finally {
    asking = false;
  }
}

if (form) {
  form.querySelector("button").remove();
  form.addEventListener("input", ({ target }) => {
    target.setAttribute("aria-valuetext", target.value + target.dataset.unit);
    target.labels[0].querySelector("output").value = target.value + target.dataset.unit;
    ask(false);
  });
  form.addEventListener("change", () => ask(true));
  form.addEventListener("submit", (event) => event.preventDefault());
}
