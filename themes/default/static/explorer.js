// The explorer: facets, sorting and search over all incidents, also from a file.
(function () {
  "use strict";
  const data = window.pmExplorer;
  const home = document.querySelector("[data-pm-explorer]");
  if (!home) return;
  if (!data || !data.search) {
    delete document.documentElement.dataset.pmScripts; // the page stays as it is
    return;
  }

  const search = data.search;
  const { make, parse, highlight } = window.pmFinder;
  const root = home.dataset.pmExplorer;
  const total = data.ids.length;
  const [note, pattern] = [home.querySelector("[data-pm-note]"), home.querySelector("[data-pm-row]")];
  const descending = (value) => (value === null ? Infinity : -value);
  const sorts = {
    newest: (index) => index,
    oldest: (index) => (index < data.dated ? -index : index),
    duration: (index) => descending(data.duration[index]),
    severity: (index) => (severity && severity.of[index].length ? severity.of[index][0] : Infinity),
    users: (index) => descending(data.users[index]),
  };
  let lastFound = { text: null };
  const finder = window.pmFinder.start({
    home,
    facets: data.facets,
    openFacets: 4,
    total,
    size: data.size,
    noun: "postmortem",
    among: "document",
    sorts: Object.keys(sorts),
    usual: (query) => (query ? "match" : "newest"),
    typed: { sort: "" },
    show,
  });
  const { state, list } = finder;
  const severity = finder.facets.find((facet) => facet.name === "severity");

  function sorted(indices, hits) {
    const name = finder.order();
    if (name === "match") {
      const by = (index) => hits.get(index);
      return indices.sort((a, b) => by(b).weight - by(a).weight || by(b).score - by(a).score || a - b);
    }
    return indices.sort((a, b) => {
      const [left, right] = [sorts[name](a), sorts[name](b)];
      return left === right ? a - b : left < right ? -1 : 1;
    });
  }

  async function show(isCurrent) {
    const text = state.query;
    if (!text) return draw(isCurrent, null, null, false);
    const query = parse(text);
    if (lastFound.text !== text) {
      const hits = await search.rows(query);
      if (!isCurrent()) return;
      await draw(isCurrent, query, hits, search.hasText);
      const failed = () => {
        search.hasText = false;
        return hits;
      };
      lastFound = { text, hits: search.hasText ? await search.text(query, hits).catch(failed) : hits };
    }
    if (isCurrent()) await draw(isCurrent, query, lastFound.hits, false);
  }

  async function draw(isCurrent, query, hits, isSearching) {
    const { fits, counts } = finder.choose(hits ? hits.keys() : Array(total).keys());
    const shown = finder.portion(sorted(fits, hits));
    await search.loadRows(shown);
    if (!isCurrent()) return;
    const match = finder.sorting.querySelector("[value=match]");
    match.hidden = match.disabled = !hits;
    list.replaceChildren(...(shown.length ? groups(shown, query, hits) : isSearching ? [] : [finder.nothing()]));
    finder.draw(counts, fits.length);
    if (isSearching && !fits.length) finder.say("Searching …");
    drawNote(query, hits);
  }

  function drawNote(query, hits) {
    const parts = "titles, numbers, summaries, services and resolutions";
    const where = search.isFile
      ? "This page was opened as a file, so " + parts + " are searched; on a web server the full text is."
      : "Only " + parts + " are searched: the full text is not available.";
    const isNearest = hits && hits.isNearest;
    note.hidden = !isNearest && (!query || search.hasText);
    note.textContent = isNearest ? "No document has all these words. These have most of them." : where;
  }

  // Under years where the order is by date, as the page has them without scripts.
  function groups(shown, query, hits) {
    const rows = shown.map((index) => row(index, query, hits));
    const sort = finder.order();
    if (sort !== "newest" && sort !== "oldest") return [make("ul", "pm-rows", ...rows)];
    const found = new Map();
    shown.forEach((index, place) => {
      const year = (search.rowOf(index).date || "Undated").replace(/-.*/, "");
      found.set(year, [...(found.get(year) || []), rows[place]]);
    });
    return [...found].map(([year, members], place) => {
      const heading = make("h2", "pm-group-label", year);
      heading.id = "pm-group-" + (place + 1);
      const section = make("section", "pm-group", heading, make("ul", "pm-rows", ...members));
      section.setAttribute("aria-labelledby", heading.id);
      return section;
    });
  }

  // The theme's row.html, filled in by its classes; every text is inserted as text.
  function row(index, query, hits) {
    const item = search.rowOf(index);
    const copy = pattern.content.firstElementChild.cloneNode(true);
    const part = (name) => copy.querySelector(".pm-row-" + name) || make("p");
    const text = (words) => highlight(words, query);
    const time = copy.querySelector("time");
    if (item.date && time) {
      time.dateTime = item.date;
      time.textContent = item.day;
    } else part("date").textContent = item.day || "undated";
    const link = copy.querySelector("a");
    link.href = root + "incidents/" + encodeURIComponent(data.ids[index]) + "/index.html";
    link.replaceChildren(...text(item.title));
    for (const label of item.labels || []) part("title").append(" ", make("span", "pm-label", label));
    if (item.line) part("line").replaceChildren(...text(item.line));
    else part("line").remove();
    facts(part("facts"), item, text);
    if (item.duration) part("duration").lastChild.textContent = item.duration;
    else part("duration").remove();
    if (query) found(copy, item, query, hits.get(index));
    return copy;
  }

  function facts(element, item, text) {
    const services = item.services || [];
    const items = [item.cause, ...services.slice(0, 3), services.length > 3 && services.length - 3 + " more", item.actions];
    const made = items.filter(Boolean).map((words) => make("li", "", ...text(words)));
    if (item.severity) made.unshift(make("li", "pm-severity pm-rank-" + (item.rank || 0), item.severity));
    element.replaceChildren(...made);
    if (!made.length) element.remove();
  }

  // What a result says more than a row.
  function found(copy, item, query, hit) {
    const main = copy.querySelector(".pm-row-main") || copy;
    if (item.number) copy.querySelector(".pm-row-title").append(" ", make("span", "pm-label", ...highlight(item.number, query)));
    if (hit.excerpt) {
      const excerpt = make("p", "pm-row-excerpt");
      main.insertBefore(excerpt, main.querySelector(".pm-row-facts"));
      const fill = (parts) => (parts.length > 1 ? excerpt.append("… ", ...parts, " …") : excerpt.remove());
      hit.excerpt().then(fill, () => excerpt.remove());
    }
    if (item.resolution) {
      const label = make("span", "pm-muted", "What fixed it: ");
      main.append(make("p", "pm-row-fix", label, ...highlight(item.resolution, query)));
    }
  }

  finder.box.addEventListener("focus", () => search.loadRows().catch(() => {}), { once: true });
  finder.begin();
})();
