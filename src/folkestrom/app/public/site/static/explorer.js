"use strict";
// The page works without: this finds values in long lists, and writes short addresses.
const form = document.querySelector("form.choices");
const words = form.dataset;

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

for (const list of form.querySelectorAll("select[multiple]")) {
  const star = list.parentElement.querySelector("input[value='*']");
  const options = [...list.options];
  const row = document.createElement("div");
  row.className = "quick";
  if (options.length > 12) {
    const field = document.createElement("input");
    field.type = "search";
    field.placeholder = words.filter;
    field.setAttribute("aria-label", `${words.filter}: ${list.labels[0].textContent}`);
    field.addEventListener("input", () => {
      const wanted = field.value.toLocaleLowerCase();
      for (const one of options) {
        one.hidden = !one.text.toLocaleLowerCase().includes(wanted) && one.value !== field.value;
      }
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    row.append(field);
  }
  row.append(
    button(words.all, () => {
      for (const one of options) if (!one.hidden) one.selected = true;
      star.checked = false;
    }),
    button(words.none, () => {
      for (const one of options) one.selected = false;
      star.checked = false;
    }),
  );
  list.before(row);
  list.addEventListener("change", () => { star.checked = false; });
  star.addEventListener("change", () => {
    if (star.checked) for (const one of options) one.selected = false;
  });
}

for (const list of form.querySelectorAll("select[name^='codelist']")) {
  list.addEventListener("change", () => {
    // Codes of one list are none of another.
    const values = list.closest("fieldset").querySelector("select[multiple]");
    for (const one of values.options) one.selected = false;
    list.closest("fieldset").querySelector("input[value='*']").checked = true;
    form.requestSubmit();
  });
}

form.addEventListener("formdata", ({ formData }) => {
  for (const name of new Set(formData.keys())) {
    const values = formData.getAll(name).filter((value) => value !== "");
    formData.delete(name);
    if (values.includes("*")) formData.append(name, "*");
    else if (values.length) {
      const plain = values.every((value) => !/[,[(]/.test(value));
      if (plain) formData.append(name, values.join(","));
      else for (const value of values) formData.append(name, value);
    }
  }
});

for (const call of document.querySelectorAll(".call")) {
  const code = call.querySelector("code");
  const copy = button(words.copy, () => {
    navigator.clipboard.writeText(code.textContent).then(() => {
      copy.textContent = words.copied;
    });
  });
  copy.setAttribute("aria-describedby", call.querySelector("figcaption").id);
  call.querySelector("figcaption").append(copy);
}
