// Keeps a page of the preview current. The same file is the page's script and the worker that all pages share, so that
// any number of tabs needs one connection.
(function () {
  "use strict";

  var STYLES = [
    ":host { all: initial; }",
    "section { position: fixed; inset: 0; z-index: 2147483647; overflow: auto; box-sizing: border-box;",
    "  padding: 1.5rem max(1.5rem, 50vw - 30rem); background: #fcfbf8; color: #1c2024;",
    "  font: 16px/1.5 system-ui, sans-serif; border-top: 6px solid #a3220e; }",
    "h1 { margin: 0; font-size: 1.25rem; } h2 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; }",
    "p { margin: 0.25rem 0; overflow-wrap: anywhere; } .place { font-family: ui-monospace, monospace; font-size: 0.875rem; }",
    "article { margin-top: 1.25rem; padding-top: 1rem; border-top: 1px solid #8b8f94; }",
    "pre { margin: 0.5rem 0; padding: 0.75rem; overflow: auto; font: 0.875rem/1.5 ui-monospace, monospace;",
    "  background: #f1efe8; } mark { background: none; color: #a3220e; font-weight: 600; }",
    "button { float: right; min-height: 2rem; padding: 0 0.75rem; font: inherit; color: inherit;",
    "  background: none; border: 1px solid currentColor; border-radius: 3px; cursor: pointer; }",
    "button:focus-visible { outline: 3px solid #0b5f6b; outline-offset: 2px; }",
    "@media (prefers-color-scheme: dark) { section { background: #15181b; color: #e8e6e1; border-color: #ff9a86; }",
    "  pre { background: #22272b; } mark { color: #ff9a86; } button:focus-visible { outline-color: #6fc7d3; } }",
    "@media print { section { display: none; } }"
  ].join("\n");

  function open(token, tell) {
    var stream = new EventSource("/__pmsite/live?token=" + encodeURIComponent(token));
    stream.onmessage = function (event) {
      tell(JSON.parse(event.data));
    };
    stream.onerror = function () {
      // The server says no: it is another one than the one that sent the page.
      if (stream.readyState === EventSource.CLOSED) tell(null);
    };
    return stream;
  }

  if (typeof document === "undefined") return work();
  var script = document.currentScript;
  var mine = { pages: Number(script.dataset.pages), styles: Number(script.dataset.styles) };
  var token = script.dataset.token;
  var overlay = null;
  var closed = "";
  var stop = null;

  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", rest);
  addEventListener("pageshow", follow);
  follow();

  // A hidden page needs no news; when it is seen again, the first message says whether it is behind.
  function follow() {
    if (document.visibilityState === "hidden") rest();
    else if (!stop) stop = listen(show);
  }

  function rest() {
    if (stop) stop();
    stop = null;
  }

  function listen(tell) {
    if (typeof SharedWorker === "undefined") {
      var stream = open(token, tell);
      return function () {
        stream.close();
      };
    }
    var port = new SharedWorker(script.src + "?token=" + encodeURIComponent(token)).port;
    port.onmessage = function (event) {
      tell(event.data);
    };
    port.postMessage("follow");
    return function () {
      port.postMessage("rest");
      port.close();
    };
  }

  function show(shown) {
    if (!stop) return;
    if (!shown) return restarted();
    if (shown.pages > mine.pages) {
      rest();
      location.reload();
      return;
    }
    if (shown.styles > mine.styles) {
      mine.styles = shown.styles;
      restyle(shown.styles);
    }
    report(shown);
  }

  function restarted() {
    var last = 0;
    try {
      last = Number(sessionStorage.getItem("pm-preview"));
      sessionStorage.setItem("pm-preview", String(Date.now()));
    } catch (error) {
      return;
    }
    if (Date.now() - last > 10000) location.reload();
  }

  // The new style sheet is loaded before the old one goes, so that nothing flashes.
  function restyle(number) {
    document.querySelectorAll('link[rel="stylesheet"]').forEach(function (old) {
      var address = new URL(old.href);
      if (address.origin !== location.origin) return;
      address.searchParams.set("pm", number);
      var link = old.cloneNode();
      link.href = address.href;
      link.onload = link.onerror = function () {
        old.remove();
      };
      old.after(link);
    });
  }

  function report(shown) {
    var text = JSON.stringify(shown.problems);
    if (overlay) overlay.remove();
    overlay = null;
    if (!shown.problems.length) closed = "";
    if (!shown.problems.length || text === closed) return;
    overlay = document.createElement("pm-preview");
    var root = overlay.attachShadow({ mode: "open" });
    var sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    var box = add(root, "section", "");
    box.setAttribute("role", "alert");
    box.setAttribute("aria-label", "Problems");
    var button = add(box, "button", "Close");
    button.type = "button";
    var count = shown.problems.length + shown.more;
    add(box, "h1", count === 1 ? "1 error" : count + " errors");
    var below = shown.pages ? "The page below is the last one that could be built. " : "Nothing has been built yet. ";
    add(box, "p", below + "This message goes away when the files are corrected.");
    shown.problems.forEach(function (problem) {
      var item = add(box, "article", "");
      add(item, "h2", problem.message);
      add(item, "p", problem.place + "  " + problem.code).className = "place";
      if (problem.lines.length) frame(item, problem);
      if (problem.hint) add(item, "p", "help: " + problem.hint);
    });
    if (shown.more) add(box, "p", "and " + shown.more + " more; the terminal shows all");
    function close() {
      closed = text;
      if (overlay) overlay.remove();
      overlay = null;
      document.removeEventListener("keydown", key);
    }
    function key(event) {
      if (event.key === "Escape") close();
    }
    button.addEventListener("click", close);
    document.addEventListener("keydown", key);
    document.body.append(overlay);
  }

  function frame(item, problem) {
    var width = String(problem.first + problem.lines.length - 1).length;
    var pre = add(item, "pre", "");
    problem.lines.forEach(function (line, index) {
      var number = problem.first + index;
      var row = add(pre, number === problem.line ? "mark" : "span", String(number).padStart(width) + " | " + line + "\n");
      if (number !== problem.line) return;
      row.after(" ".repeat(width) + " | " + " ".repeat(Math.min(problem.column - 1, line.length)) + "^\n");
    });
  }

  function add(parent, name, text) {
    var element = document.createElement(name);
    element.textContent = text;
    parent.append(element);
    return element;
  }

  function work() {
    var token = new URL(self.location.href).searchParams.get("token");
    var ports = new Set();
    var stream = null;
    var last = null;
    self.onconnect = function (event) {
      var port = event.ports[0];
      port.onmessage = function (message) {
        if (message.data === "follow") {
          ports.add(port);
          if (last) port.postMessage(last);
          if (!stream) stream = open(token, tell);
        } else {
          ports.delete(port);
          if (!ports.size) close();
        }
      };
    };

    function close() {
      if (stream) stream.close();
      stream = null;
      last = null;
    }

    function tell(shown) {
      last = shown;
      ports.forEach(function (port) {
        port.postMessage(shown);
      });
      if (!shown) close();
    }
  }
})();
