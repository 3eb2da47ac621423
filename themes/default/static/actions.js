// The list of all action items. What is overdue and how old it is follow from the day that the page was made.
(function () {
  "use strict";
  const data = window.pmActions;
  const home = document.querySelector("[data-pm-actions]");
  if (!home) return;
  if (!data || !window.pmFinder) {
    for (const element of home.querySelectorAll(".pm-scripted")) element.remove();
    return;
  }

  const { make, plural, parse, plain, highlight, chunks, start } = window.pmFinder;
  const root = home.dataset.pmActions;
  const today = Date.parse(home.dataset.pmToday) / 864e5;
  const [pattern, table] = [home.querySelector("[data-pm-row]"), home.querySelector("table")];
  // Every action item's incident, and its place there.
  const incidents = data.counts.flatMap((count, incident) => Array(count).fill(incident));
  const places = data.counts.flatMap((count) => [...Array(count).keys()]);
  const total = incidents.length;
  const facet = (name) => data.facets.find((one) => one.name === name);
  const [owners, types, states] = [facet("owner"), facet("type"), facet("state")];
  const [ownOwner, ownType, ownState] = [owners.of, types.of, states.of];
  // The state that is shown; overdue is the first.
  const stateOf = (item) => (isOverdue(item) ? 0 : ownState[item]);
  const late = 1e7; // later than every day
  const urgencies = { overdue: 0, open: 1, "in-progress": 1, unknown: 2, done: 3, "wont-do": 4 };
  const urgency = (item) => urgencies[states.terms[stateOf(item)][0]] * late + due(item);
  // What items are sorted by; those that are equal stay in the order of their incidents' ids.
  const sorts = {
    urgency,
    due,
    age: (item) => (isOpen(item) && data.dates[incidents[item]] !== null ? data.dates[incidents[item]] : late),
    state: (item) => stateOf(item) * late + due(item),
    owner: (item) => ownOwner[item] * 10 * late + urgency(item),
  };
  const orders = {};
  const texts = [];

  const load = chunks(root + "actions/", Math.ceil(data.counts.length / data.chunk));
  const chunkOf = (item) => Math.floor(incidents[item] / data.chunk);
  const finder = start({
    home,
    facets: data.facets.filter((one) => one.terms.some(([term]) => term)).map(ofItems),
    openFacets: data.facets.length,
    total,
    size: data.size,
    noun: "action item",
    among: "action item",
    sorts: Object.keys(sorts),
    usual: () => "urgency",
    anchor: "#pm-items",
    show,
  });

  function due(item) {
    return data.due[item] === null ? late - 1 : data.due[item];
  }

  function isOpen(item) {
    return ["open", "in-progress"].includes(states.terms[ownState[item]][0]);
  }

  function isOverdue(item) {
    return data.due[item] !== null && data.due[item] < today && isOpen(item);
  }

  // A facet with the terms of every action item: those of its incident, and both states of what is overdue.
  function ofItems(one) {
    if (one.by) return { ...one, of: incidents.map((incident) => one.of[incident]) };
    if (one !== states) return one;
    const both = states.terms.map((_, place) => [0, place]);
    return { ...one, of: ownState.map((place, item) => (isOverdue(item) ? both[place] : place)) };
  }

  // All items in an order, worked out once.
  function sorted(name) {
    if (!orders[name]) {
      const keys = Float64Array.from({ length: total }, (_, item) => sorts[name](item));
      orders[name] = Uint32Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b] || a - b);
    }
    return orders[name];
  }

  // An item's incident and its own texts.
  function rowOf(item) {
    const incident = data.rows[chunkOf(item)][incidents[item] % data.chunk];
    return [incident, incident.items[places[item]]];
  }

  function matches(item, query) {
    if (texts[item] === undefined) {
      const [incident, own] = rowOf(item);
      const parts = [own.title, own.ticket || "", owners.terms[ownOwner[item]][0], incident.title];
      texts[item] = parts.map(plain).join("\n");
    }
    const wanted = query.isQuoted ? [query.phrase] : query.words;
    return query.phrase && wanted.every((word) => texts[item].includes(word));
  }

  async function show(isCurrent) {
    const text = finder.state.query;
    const query = text ? parse(text) : null;
    if (query) await load();
    if (!isCurrent()) return;
    const all = sorted(finder.order());
    const { fits, counts } = finder.choose(query ? all.filter((item) => matches(item, query)) : all);
    const shown = finder.portion(fits);
    await load(shown.map(chunkOf));
    if (!isCurrent()) return;
    table.tBodies[0].replaceChildren(...shown.map((item) => row(item, query)));
    finder.list.replaceChildren(shown.length ? table : finder.nothing());
    finder.draw(counts, fits.length);
  }

  // The theme's row, filled in by its classes; every text is inserted as text.
  function row(item, query) {
    const [incident, own] = rowOf(item);
    const copy = pattern.content.querySelector("tr").cloneNode(true);
    const part = (name) => copy.querySelector(".pm-action-" + name) || make("td");
    const fill = (element, text) => element.replaceChildren(...highlight(text, query));
    fill(part("title"), own.title);
    state(part("state"), item);
    fill(part("owner"), owners.terms[ownOwner[item]][0] || "–");
    day(part("due"), own.due, data.due[item]);
    part("type").textContent = types.terms[ownType[item]][0] || "–";
    ticket(part("ticket"), own.ticket || "", fill);
    const link = part("incident").querySelector("a");
    link.href = root + "incidents/" + encodeURIComponent(incident.id) + "/index.html";
    fill(link, incident.title);
    const note = part("incident").querySelector(".pm-note");
    if (incident.day) day(note, incident.day, data.dates[incidents[item]]);
    else note.replaceChildren(make("span", "pm-muted", "undated"));
    return copy;
  }

  function state(element, item) {
    const [mark, age] = [element.querySelector(".pm-state"), element.querySelector(".pm-note")];
    const [name, label] = states.terms[stateOf(item)];
    mark.className = "pm-state pm-state-" + name;
    mark.textContent = label;
    const begun = data.dates[incidents[item]];
    if (isOpen(item) && begun !== null) age.textContent = plural(Math.max(0, today - begun), "day") + " old";
    else age.remove();
  }

  function day(element, words, date) {
    const time = element.querySelector("time");
    if (!words) element.textContent = "–";
    else {
      time.dateTime = new Date(date * 864e5).toISOString().slice(0, 10);
      time.textContent = words;
    }
  }

  function ticket(element, text, fill) {
    const link = element.querySelector("a");
    if (/^https?:\/\//.test(text)) {
      link.href = text;
      fill(link, text.replace(/\/+$/, "").split("/").pop());
    } else fill(element, text || "–");
  }

  finder.box.addEventListener("focus", () => load().catch(() => {}), { once: true });
  finder.begin();
})();
