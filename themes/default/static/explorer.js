// The explorer: facets, sorting and search over all incidents. Its data is beside the page as classic scripts, so that
// it works from a file too; what is chosen stands in the address.
(function () {
  "use strict";
  const data = window.pmExplorer;
  const home = document.querySelector("[data-pm-explorer]");
  if (!home) return;
  if (!data || !data.search) {
    delete document.documentElement.dataset.pmScripts; // the page stays what it is without scripts
    return;
  }

  const search = data.search;
  const root = home.dataset.pmExplorer;
  const total = data.ids.length;
  const find = (selector) => home.querySelector(selector);
  const form = find("form");
  const [box, sorting] = [form.elements.q, form.elements.sort];
  const [filters, panel, chips] = [find(".pm-filters"), find("[data-pm-filters]"), find(".pm-chips")];
  const [list, note, pattern] = [find("[data-pm-list]"), find("[data-pm-note]"), find("[data-pm-row]")];
  const status = document.querySelector("[role=status]");
  const shownTerms = 6;
  const openFacets = 4;
  const facets = data.facets.map(prepare);
  const severity = facets.find((facet) => facet.name === "severity");
  const sorts = {
    newest: null,
    oldest: (index) => (index < data.dated ? -index : index),
    duration: (index) => descending(data.duration[index]),
    severity: (index) => (severity && severity.of[index].length ? severity.of[index][0] : Infinity),
    users: (index) => descending(data.users[index]),
  };
  let state = read();
  let turn = 0;
  let isTyping = false;
  let timer = 0;
  let lastFound = { text: null };

  function descending(value) {
    return value === null ? Infinity : -value;
  }

  function make(tag, className, ...content) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...content);
    return element;
  }

  function number(value) {
    return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  }

  // ---- What is chosen, and the address that says it

  function prepare(facet) {
    const places = new Map(facet.terms.map((term, place) => [term[0], place]));
    const of = facet.of.map((terms) => (Array.isArray(terms) ? terms : terms < 0 ? [] : [terms]));
    return { name: facet.name, label: facet.label, terms: facet.terms, places: places, of: of, options: [] };
  }

  function read() {
    const given = new URLSearchParams(location.search);
    const places = (facet) => given.getAll(facet.name).map((slug) => facet.places.get(slug));
    return {
      query: (given.get("q") || "").trim(),
      sort: Object.hasOwn(sorts, given.get("sort")) ? given.get("sort") : "",
      page: Math.max(1, parseInt(given.get("page"), 10) || 1),
      chosen: facets.map((facet) => new Set(places(facet).filter((place) => place !== undefined))),
    };
  }

  function address(page) {
    const given = new URLSearchParams();
    if (state.query) given.set("q", state.query);
    facets.forEach((facet, which) => {
      for (const place of state.chosen[which]) given.append(facet.name, facet.terms[place][0]);
    });
    if (state.sort) given.set("sort", state.sort);
    if (page > 1) given.set("page", page);
    return location.pathname + (String(given) ? "?" + given : "");
  }

  function isPlain() {
    return !state.query && !state.sort && state.page === 1 && state.chosen.every((set) => !set.size);
  }

  // Show a new state; every choice is a step of the browser's history, and a query is one however long it is typed.
  function go(change, typed) {
    Object.assign(state, { page: 1 }, change);
    history[typed && isTyping ? "replaceState" : "pushState"](null, "", address(state.page));
    isTyping = Boolean(typed);
    return show();
  }

  function toggle(which, place) {
    const set = state.chosen[which];
    if (!set.delete(place)) set.add(place);
    return go();
  }

  // ---- Choosing: OR within a facet, AND across facets

  // The incidents that fit, and for every term how many would fit if it were chosen too.
  function choose(candidates) {
    const counts = facets.map((facet) => new Uint32Array(facet.terms.length));
    const active = facets.map((_, which) => which).filter((which) => state.chosen[which].size);
    const fits = [];
    for (const index of candidates) {
      let missed = -1;
      let misses = 0;
      for (const which of active) {
        if (facets[which].of[index].some((place) => state.chosen[which].has(place))) continue;
        missed = which;
        if (++misses > 1) break;
      }
      if (misses > 1) continue;
      if (!misses) fits.push(index);
      facets.forEach((facet, which) => {
        if (!misses || which === missed) for (const place of facet.of[index]) counts[which][place]++;
      });
    }
    return { fits: fits, counts: counts };
  }

  function sorted(indices, hits) {
    const name = state.sort || (hits ? "match" : "newest");
    if (name === "match") {
      const by = (index) => hits.get(index);
      return indices.sort((a, b) => by(b).weight - by(a).weight || by(b).score - by(a).score || a - b);
    }
    if (!sorts[name]) return indices.sort((a, b) => a - b);
    const keys = new Map(indices.map((index) => [index, sorts[name](index)]));
    return indices.sort((a, b) => {
      const [left, right] = [keys.get(a), keys.get(b)];
      return left === right ? a - b : left < right ? -1 : 1;
    });
  }

  // ---- Showing

  async function show() {
    const mine = ++turn;
    const text = state.query;
    box.value = box === document.activeElement && box.value.trim() === text ? box.value : text;
    try {
      if (!text) return await draw(mine, null, null, false);
      const query = search.parse(text);
      if (lastFound.text !== text) {
        const hits = await search.rows(query);
        if (mine !== turn) return;
        await draw(mine, query, hits, search.hasText);
        lastFound = { text: text, hits: search.hasText ? await fullText(query, hits) : hits };
      }
      if (mine === turn) await draw(mine, query, lastFound.hits, false);
    } catch (error) {
      if (mine === turn) status.textContent = "Cannot be shown: " + error.message + ".";
    }
  }

  async function fullText(query, hits) {
    try {
      return await search.text(query, hits);
    } catch (error) {
      search.hasText = false;
      return hits;
    }
  }

  async function draw(mine, query, hits, isSearching) {
    const everything = Array.from({ length: total }, (_, index) => index);
    const { fits, counts } = choose(hits ? [...hits.keys()] : everything);
    const last = Math.max(1, Math.ceil(fits.length / data.size));
    state.page = Math.min(state.page, last);
    const shown = sorted(fits, hits).slice((state.page - 1) * data.size, state.page * data.size);
    await search.loadRows(shown);
    if (mine !== turn) return;
    drawControls(counts, Boolean(hits));
    drawChips();
    list.replaceChildren(...(shown.length ? groups(shown, query, hits) : isSearching ? [] : [nothing(query)]));
    drawPages(last);
    drawNote(query);
    if (isSearching && !fits.length) status.textContent = "Searching …";
    else if (fits.length === total) status.textContent = plural(total);
    else if (fits.length || isSearching) status.textContent = number(fits.length) + " of " + plural(total);
    else status.textContent = "Nothing in " + number(total) + (total === 1 ? " document" : " documents");
  }

  function plural(count) {
    return number(count) + (count === 1 ? " postmortem" : " postmortems");
  }

  function nothing(query) {
    const filtered = state.chosen.some((set) => set.size) ? " with these filters" : "";
    const about = query ? "Nothing for “" + query.text + "”" : "Nothing";
    return make("p", "pm-empty", about + filtered + " in " + number(total) + (total === 1 ? " document." : " documents."));
  }

  function drawNote(query) {
    const parts = "titles, numbers, summaries, services and resolutions";
    const where = search.isFile
      ? "This page was opened as a file, so " + parts + " are searched; on a web server the full text is."
      : "Only " + parts + " are searched: the full text is not available.";
    note.hidden = !query || search.hasText;
    note.textContent = where;
  }

  // Under years where the order is by date, as the page has them without scripts.
  function groups(shown, query, hits) {
    const rows = shown.map((index) => row(index, query, hits));
    const sort = state.sort || (hits ? "match" : "newest");
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

  // A row as the theme's row.html makes it, filled in by its classes; every text is inserted as text.
  function row(index, query, hits) {
    const item = search.rowOf(index);
    const copy = pattern.content.firstElementChild.cloneNode(true);
    const part = (name) => copy.querySelector(".pm-row-" + name) || make("p");
    const text = (words) => search.highlight(words, query);
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

  // What a result says more than a row: its number, where the words stand in the full text, and what fixed it.
  function found(copy, item, query, hit) {
    const main = copy.querySelector(".pm-row-main") || copy;
    if (item.number) copy.querySelector(".pm-row-title").append(" ", make("span", "pm-label", ...search.highlight(item.number, query)));
    if (hit.excerpt) {
      const excerpt = make("p", "pm-row-excerpt");
      main.insertBefore(excerpt, main.querySelector(".pm-row-facts"));
      const fill = (parts) => (parts.length > 1 ? excerpt.append("… ", ...parts, " …") : excerpt.remove());
      hit.excerpt().then(fill, () => excerpt.remove());
    }
    if (item.resolution) {
      const label = make("span", "pm-muted", "What fixed it: ");
      main.append(make("p", "pm-row-fix", label, ...search.highlight(item.resolution, query)));
    }
  }

  function drawControls(counts, isSearch) {
    const match = sorting.querySelector("[value=match]");
    match.hidden = match.disabled = !isSearch;
    sorting.value = state.sort || (isSearch ? "match" : "newest");
    facets.forEach((facet, which) => {
      for (const option of facet.options) {
        const count = counts[which][option.place];
        option.input.checked = state.chosen[which].has(option.place);
        option.input.disabled = !count && !option.input.checked;
        option.count.textContent = number(count);
        if (option.input.checked) option.item.hidden = false;
      }
    });
  }

  function drawChips() {
    const made = [];
    facets.forEach((facet, which) => {
      for (const place of state.chosen[which]) {
        const words = facet.label + ": " + facet.terms[place][1];
        made.push(chip(words + " ×", "Remove " + words, () => toggle(which, place)));
      }
    });
    if (made.length) made.push(chip("Clear all", "", () => go({ chosen: facets.map(() => new Set()) })));
    chips.hidden = !made.length;
    chips.replaceChildren(...made);
  }

  function chip(words, name, action) {
    const button = make("button", name ? "pm-chip" : "pm-plain", words);
    button.type = "button";
    if (name) button.setAttribute("aria-label", name);
    button.addEventListener("click", async () => {
      await action();
      (chips.querySelector("button") || box).focus();
    });
    return make("li", "", button);
  }

  function drawPages(last) {
    const old = home.querySelector(".pm-pagination");
    if (last === 1) {
      if (old) old.remove();
      return;
    }
    const bar = make("nav", "pm-pagination", make("ul", ""));
    const items = bar.firstChild;
    bar.setAttribute("aria-label", "Pages");
    const add = (words, page, rel) => {
      const link = make("a", "", words);
      link.href = address(page);
      if (rel) link.rel = rel;
      link.addEventListener("click", async (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        await go({ page: page });
        status.focus();
        status.scrollIntoView();
      });
      items.append(make("li", "", link));
    };
    if (state.page > 1) {
      add("First", 1);
      add("Previous", state.page - 1, "prev");
    }
    items.append(make("li", "", "Page " + number(state.page) + " of " + number(last)));
    if (state.page < last) {
      add("Next", state.page + 1, "next");
      add("Last", last);
    }
    if (old) old.replaceWith(bar);
    else list.after(bar);
  }

  // ---- Facets to choose from, made once

  function buildFacet(facet, which) {
    const totals = new Uint32Array(facet.terms.length);
    for (const terms of facet.of) for (const place of terms) totals[place]++;
    const order = facet.terms.map((_, place) => place);
    if (!["year", "severity", "status"].includes(facet.name)) {
      order.sort((a, b) => totals[b] - totals[a] || facet.terms[a][1].localeCompare(facet.terms[b][1]));
    }
    const options = make("ul", "");
    facet.options = order.map((place, rank) => {
      const input = make("input", "");
      input.type = "checkbox";
      input.addEventListener("change", () => toggle(which, place));
      const count = make("span", "pm-count");
      const item = make("li", "", make("label", "", input, make("span", "", facet.terms[place][1]), " ", count));
      item.hidden = rank >= shownTerms;
      options.append(item);
      return { place: place, input: input, count: count, item: item };
    });
    const group = make("div", "", options);
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", facet.label);
    if (order.length > shownTerms) {
      const more = make("button", "pm-plain", number(order.length - shownTerms) + " more");
      more.type = "button";
      more.addEventListener("click", () => {
        for (const option of facet.options) option.item.hidden = false;
        facet.options[shownTerms].input.focus();
        more.remove();
      });
      group.append(more);
    }
    const box = make("details", "pm-filter", make("summary", "", facet.label), group);
    box.open = which < openFacets || state.chosen[which].size > 0;
    return box;
  }

  // ---- Beginning

  panel.append(...facets.map(buildFacet));
  filters.open = matchMedia("(min-width: 60rem)").matches;
  status.tabIndex = -1;
  form.addEventListener("submit", (event) => event.preventDefault());
  sorting.addEventListener("change", () => {
    const usual = state.query ? "match" : "newest";
    go({ sort: sorting.value === usual ? "" : sorting.value });
  });
  box.addEventListener("focus", () => search.loadRows().catch(() => {}), { once: true });
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const query = box.value.trim();
      if (query !== state.query) go({ query: query, sort: "" }, true);
    }, 150);
  });
  addEventListener("popstate", () => {
    state = read();
    isTyping = false;
    show();
  });
  if (isPlain()) {
    // The rows are there already; what can be chosen and the way to the next page are not.
    drawControls(choose(data.ids.map((_, index) => index)).counts, false);
    drawPages(Math.ceil(total / data.size));
  } else show();
})();
