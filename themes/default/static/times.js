// The times of an incident beside what UTC has, or the reader's clock, at the press of a button.
(() => {
  "use strict";
  const button = document.querySelector("button[data-pm-zones]");
  if (!button) return;
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const written = { name: "as written", kept: "" };
  const others = [
    { name: "with UTC", kept: "utc", zone: "UTC" },
    { name: "with yours (" + own.replace(/_/g, " ") + ")", kept: "own", zone: own },
  ];
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:\d\d)$/;
  const times = [...document.querySelectorAll("main time[datetime]")].filter((time) => isWhole.test(time.dateTime));

  // `21:34 CEST`, with its day where that is another one; nothing where the time is written so already.
  function elsewhere(time, zone) {
    const form = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      hour: "2-digit",
      minute: "2-digit",
      timeZoneName: "short",
      month: "short",
      day: "numeric",
    });
    const parts = {};
    for (const part of form.formatToParts(new Date(time.dateTime))) parts[part.type] = part.value;
    const clock = parts.hour + ":" + parts.minute;
    const isSameDay = Number(parts.day) === Number(time.dateTime.slice(8, 10));
    if (isSameDay && clock === time.dateTime.slice(11, 16)) return "";
    const about = time.textContent.includes("≈") ? "≈ " : "";
    return about + (isSameDay ? "" : parts.day + " " + parts.month + ", ") + clock + " " + parts.timeZoneName;
  }

  function showBeside(time, words) {
    const other = document.createElement("span");
    other.className = "pm-elsewhere";
    if (!time.closest(".pm-prose")) {
      other.textContent = words;
      time.append(" ", other);
      return;
    }
    // In running text a time's zone may stand behind it, and belongs to it.
    const behind = time.nextSibling;
    const isText = behind && behind.nodeType === Node.TEXT_NODE;
    const zone = isText && /^\s*\(?([A-Z]{2,5}\b|[+-]\d\d:?\d\d)\)?/.exec(behind.data);
    other.textContent = "(" + words + ")";
    if (zone) behind.splitText(zone[0].length);
    (zone ? behind : time).after(" ", other);
  }

  function choose(choice) {
    for (const other of document.querySelectorAll(".pm-elsewhere")) {
      const around = other.parentNode;
      other.previousSibling.remove(); // the blank before it
      other.remove();
      around.normalize();
    }
    button.textContent = "Times: " + choice.name;
    for (const time of choice.zone ? times : []) {
      const words = elsewhere(time, choice.zone);
      if (words) showBeside(time, words);
    }
    chosen = choice;
  }

  const known = others.filter(({ zone }, place) => {
    const isNew = place === 0 || own !== "UTC";
    return isNew && times.some((time) => elsewhere(time, zone));
  });
  const choices = [written, ...known];
  let chosen = written;
  button.hidden = choices.length < 2;
  try {
    const kept = localStorage.getItem("pm-zone");
    const before = known.find((choice) => choice.kept === kept);
    if (before) choose(before);
  } catch (error) {
    // Storage is not available; times are shown as written.
  }
  button.addEventListener("click", () => {
    choose(choices[(choices.indexOf(chosen) + 1) % choices.length]);
    try {
      localStorage.setItem("pm-zone", chosen.kept);
    } catch (error) {
      // The choice lasts for this page only.
    }
  });
})();
