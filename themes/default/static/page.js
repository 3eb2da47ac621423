// Small comforts; every page can be read without them.
(function () {
  "use strict";
  var button = document.querySelector("[data-pm-mode]");
  var modes = ["system", "light", "dark"];
  var root = document.documentElement;

  function show() {
    button.textContent = "Theme: " + (root.dataset.pmMode || "system");
  }

  if (button) {
    button.hidden = false;
    show();
    button.addEventListener("click", function () {
      var next = modes[(modes.indexOf(root.dataset.pmMode || "system") + 1) % modes.length];
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
