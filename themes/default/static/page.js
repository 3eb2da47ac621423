// Small comforts; every page can be read without them.
(function () {
  "use strict";
  var root = document.documentElement;
  var button = document.querySelector("button[data-pm-mode]");
  var contents = document.querySelector(".pm-toc details");
  var modes = ["system", "light", "dark"];

  function mode() {
    return root.dataset.pmMode || "system";
  }

  function show() {
    button.textContent = "Theme: " + mode();
  }

  // Beside the text there is room for the table of contents; above it there is not.
  if (contents) contents.open = matchMedia("(min-width: 60rem)").matches;

  // A slash leads to the search box, unless it is typed into something.
  document.addEventListener("keydown", function (event) {
    var box = document.querySelector("[role=search] [type=search]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !box) return;
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox") return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  if (button) {
    button.hidden = false;
    show();
    button.addEventListener("click", function () {
      var next = modes[(modes.indexOf(mode()) + 1) % modes.length];
      if (next === "system") delete root.dataset.pmMode;
      else root.dataset.pmMode = next;
      try {
        localStorage.setItem("pm-mode", next);
      } catch (error) {
        // The choice lasts for this page only.
      }
      show();
    });
  }
})();
