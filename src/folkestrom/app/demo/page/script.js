(function () {
  "use strict";
  var root = document.documentElement;
  var buttons = document.querySelectorAll("button[data-language]");
  function choose(language) {
    root.lang = language;
    document.title = root.getAttribute("data-title-" + language);
    buttons.forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    });
  }
  buttons.forEach(function (button) {
    button.addEventListener("click", function () { choose(button.dataset.language); });
  });
  var asked = new URLSearchParams(location.search).get("lang");
  var spoken = /^(nb|nn|no)\b/i.test(navigator.language || "") ? "nb" : "en";
  choose(asked === "nb" || asked === "en" ? asked : spoken);
  // Paper cannot be unfolded.
  addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (one) { one.open = true; });
  });
})();
