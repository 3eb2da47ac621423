// Runs before the page is painted, so that a chosen colour mode never flashes and what needs scripts is there at once.
(function () {
  "use strict";
  document.documentElement.dataset.pmScripts = "";
  try {
    var mode = localStorage.getItem("pm-mode");
    if (mode === "light" || mode === "dark") document.documentElement.dataset.pmMode = mode;
  } catch (error) {
    // Storage is not available; the system's mode applies.
  }
})();
