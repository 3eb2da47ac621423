// Runs before the page is painted, so that a chosen colour mode never flashes.
(function () {
  "use strict";
  try {
    var mode = localStorage.getItem("pm-mode");
    if (mode === "light" || mode === "dark") document.documentElement.dataset.pmMode = mode;
  } catch (error) {
    // Storage is not available; the system's mode applies.
  }
})();
