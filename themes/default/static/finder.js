// What the explorer and the list of action items share.
(function () {
  "use strict";
  const shownTerms = 6;
  const inOrder = ["year", "severity", "status", "state"];
  // Scripts that put no blanks between words: a word may begin anywhere.
  const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

  function make(tag, className, ...content) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...content);
    return element;
  }

  function number(value) {
    return String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  }

  function plural(count, noun) {
    return number(count) + " " + noun + (count === 1 ? "" : "s");
  }

  // Letters and digits in lower case without accents, a blank before each word: "PM2021-007" is " pm2021 007".
  function plain(text) {
    const words = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().match(/[\p{L}\p{N}]+/gu);
    return words ? " " + words.join(" ") : "";
  }

  function parse(text) {
    const phrase = plain(text);
    const words = phrase.split(" ").filter(Boolean).map((word) => (unspaced.test(word) ? word : " " + word));
    return { text, phrase, words, isQuoted: /^\s*".+"\s*$/.test(text) };
  }

  // A text as nodes, the words that begin as the query's do in <mark> elements.
  function highlight(text, query) {
    if (!query) return [text];
    const wanted = query.words.map((word) => word.trim());
    return text.split(/([\p{L}\p{N}\p{M}]+)/u).map((part, place) => {
      const word = place % 2 ? plain(part).trim() : "";
      const isHit = word && wanted.some((one) => word.startsWith(one) || (unspaced.test(one) && word.includes(one)));
      return isHit ? make("mark", "", part) : part;
    });
  }

  // A function that loads chunks of rows by their numbers, or all, each once.
  function chunks(folder, count) {
    const loading = new Map();
    function load(chunk) {
      const script = make("script");
      const loaded = new Promise((resolve, reject) => {
        script.onload = resolve;
        script.onerror = () => {
          loading.delete(chunk);
          reject(new Error("the rows cannot be loaded"));
        };
      });
      script.src = folder + "rows-" + chunk + ".js";
      document.head.append(script);
      loading.set(chunk, loaded);
      return loaded;
    }
    return (numbers = Array(count).keys()) => Promise.all([...new Set(numbers)].map((chunk) => loading.get(chunk) || load(chunk)));
  }

  // A list that is filtered and sorted. `usual(query)` is the order that needs no saying, `typed` what typing changes
  // too, `show(isCurrent)` draws the rows of what is chosen while isCurrent() says that nothing else is.
  function start(options) {
    const { home, total } = options;
    const find = (selector) => home.querySelector(selector);
    const form = find("form");
    const [box, sorting] = [form.elements.q, form.elements.sort];
    const [filters, panel, chips, list] = [".pm-filters", "[data-pm-filters]", ".pm-chips", "[data-pm-list]"].map(find);
    const status = document.querySelector("[role=status]");
    const facets = options.facets.map(prepare);
    const state = read();
    let [turn, timer, pages, isTyping] = [0, 0, 1, false];

    function prepare(facet) {
      const places = new Map(facet.terms.map((term, place) => [term[0], place]));
      const alone = facet.terms.map((_, place) => [place]);
      const of = facet.of.map((terms) => (Array.isArray(terms) ? terms : alone[terms] || []));
      return { ...facet, places, of, options: [] };
    }

    function read() {
      const given = new URLSearchParams(location.search);
      const places = (facet) => given.getAll(facet.name).map((term) => facet.places.get(term));
      return {
        query: (given.get("q") || "").trim(),
        sort: options.sorts.includes(given.get("sort")) ? given.get("sort") : "",
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
      return location.pathname + (String(given) ? "?" + given + (options.anchor || "") : "");
    }

    const order = () => state.sort || options.usual(state.query);
    const isFiltered = () => state.chosen.some((set) => set.size);

    // Every choice is a step of the browser's history; a query is one however long it is typed.
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

    // The items that fit, OR within a facet, AND across facets; and for every term how many would if it were chosen too.
    function choose(items) {
      const counts = facets.map((facet) => new Uint32Array(facet.terms.length));
      const active = facets.map((_, which) => which).filter((which) => state.chosen[which].size);
      const fits = [];
      for (const item of items) {
        let missed = -1;
        let misses = 0;
        for (const which of active) {
          if (facets[which].of[item].some((place) => state.chosen[which].has(place))) continue;
          missed = which;
          if (++misses > 1) break;
        }
        if (misses > 1) continue;
        if (!misses) fits.push(item);
        facets.forEach((facet, which) => {
          if (!misses || which === missed) for (const place of facet.of[item]) counts[which][place]++;
        });
      }
      return { fits, counts };
    }

    function portion(items) {
      pages = Math.max(1, Math.ceil(items.length / options.size));
      state.page = Math.min(state.page, pages);
      return items.slice((state.page - 1) * options.size, state.page * options.size);
    }

    async function show() {
      const mine = ++turn;
      const isCurrent = () => mine === turn;
      box.value = box === document.activeElement && box.value.trim() === state.query ? box.value : state.query;
      try {
        await options.show(isCurrent);
      } catch (error) {
        if (isCurrent()) say("Cannot be shown: " + error.message + ".");
      }
    }

    function draw(counts, fitting) {
      drawControls(counts);
      drawChips();
      drawPages();
      if (fitting === total) say(plural(total, options.noun));
      else if (fitting) say(number(fitting) + " of " + plural(total, options.noun));
      else say("Nothing in " + plural(total, options.among));
    }

    function say(text) {
      status.textContent = text;
    }

    function nothing() {
      const about = state.query ? "Nothing for “" + state.query + "”" : "Nothing";
      const filtered = isFiltered() ? " with these filters" : "";
      return make("p", "pm-empty", about + filtered + " in " + plural(total, options.among) + ".");
    }

    function drawControls(counts) {
      sorting.value = order();
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

    function drawPages() {
      const old = find(".pm-pagination");
      if (pages === 1) {
        if (old) old.remove();
        return;
      }
      const bar = make("nav", "pm-pagination", make("ul", ""));
      const items = bar.firstChild;
      bar.setAttribute("aria-label", "Pages");
      const add = (words, page) => {
        const link = make("a", "", words);
        link.href = address(page);
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
        add("Previous", state.page - 1);
      }
      items.append(make("li", "", "Page " + number(state.page) + " of " + number(pages)));
      if (state.page < pages) {
        add("Next", state.page + 1);
        add("Last", pages);
      }
      if (old) old.replaceWith(bar);
      else list.after(bar);
    }

    function buildFacet(facet, which) {
      const totals = new Uint32Array(facet.terms.length);
      for (const terms of facet.of) for (const place of terms) totals[place]++;
      const order = facet.terms.map((_, place) => place);
      if (!inOrder.includes(facet.name)) {
        order.sort((a, b) => totals[b] - totals[a] || facet.terms[a][1].localeCompare(facet.terms[b][1]));
      }
      const terms = make("ul", "");
      facet.options = order.map((place, rank) => {
        const input = make("input", "");
        input.type = "checkbox";
        input.addEventListener("change", () => toggle(which, place));
        const count = make("span", "pm-count");
        const item = make("li", "", make("label", "", input, make("span", "", facet.terms[place][1]), " ", count));
        item.hidden = rank >= shownTerms;
        terms.append(item);
        return { place, input, count, item };
      });
      const group = make("div", "", terms);
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
      const details = make("details", "pm-filter", make("summary", "", facet.label), group);
      details.open = which < options.openFacets || state.chosen[which].size > 0;
      return details;
    }

    // The first rows are there already; what can be chosen and the way to the next page are not.
    function begin() {
      if (state.query || state.sort || state.page > 1 || isFiltered()) return show();
      pages = Math.ceil(total / options.size);
      drawControls(choose(Array(total).keys()).counts);
      drawPages();
    }

    panel.append(...facets.map(buildFacet));
    filters.open = matchMedia("(min-width: 60rem)").matches;
    status.tabIndex = -1;
    form.addEventListener("submit", (event) => event.preventDefault());
    sorting.addEventListener("change", () => {
      go({ sort: sorting.value === options.usual(state.query) ? "" : sorting.value });
    });
    box.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const query = box.value.trim();
        if (query !== state.query) go({ query: query, ...options.typed }, true);
      }, 150);
    });
    addEventListener("popstate", () => {
      Object.assign(state, read());
      isTyping = false;
      show();
    });
    return { state, facets, box, sorting, list, order, choose, portion, draw, say, nothing, begin };
  }

  window.pmFinder = { make, plural, parse, plain, highlight, chunks, start };
})();
