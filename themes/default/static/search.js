// Search: which incidents a query means. The texts of rows are searched everywhere, also from a file; the full text
// (Pagefind, https://pagefind.app) where a web server gives the index.
(function () {
  "use strict";
  const data = window.pmExplorer;
  const home = document.querySelector("[data-pm-explorer]");
  if (!data || !home || !window.pmFinder) return;
  const { make, plain, chunks } = window.pmFinder;

  const root = new URL(home.dataset.pmExplorer, location.href);
  const bundles = home.dataset.pmBundles.split(" ").filter(Boolean);
  const isOnWeb = location.protocol.startsWith("http");
  const searched = ["title", "number", "line", "summary", "resolution"];
  const load = chunks(new URL("explorer/", root).href, Math.ceil(data.ids.length / data.chunk));
  const plainTexts = [];
  let pagefind;

  function chunkOf(index) {
    return Math.floor((data.ids.length - 1 - index) / data.chunk);
  }

  function rowOf(index) {
    const place = data.ids.length - 1 - index;
    return data.rows[chunkOf(index)][place % data.chunk];
  }

  // Of all incidents if none are named.
  function loadRows(indices) {
    return load(indices && indices.map(chunkOf));
  }

  function plainText(index) {
    if (!plainTexts[index]) {
      const row = rowOf(index);
      const parts = searched.map((name) => row[name] || "").concat(row.services || []);
      plainTexts[index] = {
        title: plain(row.title),
        number: plain(row.number || ""),
        all: parts.map(plain).join("\n"),
      };
    }
    return plainTexts[index];
  }

  // How well a row fits: its number, then the whole phrase, then all words; 0 if it does not.
  function weight(index, query) {
    const text = plainText(index);
    if (text.number === query.phrase) return 6;
    if (text.title.includes(query.phrase)) return 5;
    if (text.all.includes(query.phrase)) return 4;
    if (query.isQuoted || !query.words.every((word) => text.all.includes(word))) return 0;
    return query.words.every((word) => text.title.includes(word)) ? 2 : 1;
  }

  // A map from an incident's place to its hit: {weight, score, excerpt()}.
  async function searchRows(query) {
    await loadRows();
    const hits = new Map();
    if (query.phrase) {
      data.ids.forEach((_, index) => {
        const found = weight(index, query);
        if (found) hits.set(index, { weight: found, score: 0, excerpt: null });
      });
    }
    return hits;
  }

  // Where Pagefind is, with the incident of every page that it knows; addresses are whole, as mergeIndex needs them.
  async function openIndex() {
    const places = new Map(data.ids.map((id, index) => [id, index]));
    const [first, ...others] = bundles.map((name) => new URL("search/" + name + "/", root).href);
    const module = await import(first + "pagefind.js");
    const index = module.createInstance({ basePath: first, noWorker: true });
    await Promise.all(others.map((address) => index.mergeIndex(address)));
    const pages = new Map();
    const lists = [first, ...others].map((address) => fetch(address + "pages.json").then((answer) => answer.json()));
    for (const list of await Promise.all(lists)) {
      for (const [page, id] of Object.entries(list)) pages.set(page, places.get(id));
    }
    return { index, pages };
  }

  // Pagefind gives the nearest word that it knows for one that it does not. Between quotation marks it does not guess:
  // a page is a hit if it has the phrase, or each of its words.
  async function searchText(query, hits) {
    pagefind = pagefind || openIndex();
    const { index, pages } = await pagefind;
    const words = query.text.replace(/"/g, " ").trim().split(/\s+/);
    const exactly = async (text) => (await index.search('"' + text + '"')).results;
    const phrase = await exactly(words.join(" "));
    let [loose, near] = [[], []];
    if (words.length > 1 && !query.isQuoted) {
      const having = await Promise.all(words.map(exactly));
      const sets = having.map((results) => new Set(results.map((page) => page.id)));
      const all = sets.every((set) => set.size) ? (await index.search(words.join(" "))).results : [];
      loose = all.filter((page) => sets.every((set) => set.has(page.id)));
      if (!hits.size && !phrase.length && !loose.length) near = nearest(having);
    }
    const found = new Map(hits);
    found.isNearest = near.length > 0;
    for (const [results, least] of [[near, 0.1], [loose, 0.5], [phrase, 3]]) {
      for (const result of results) {
        const place = pages.get(result.id);
        if (place === undefined) continue;
        const known = found.get(place) || { weight: 0, score: 0 };
        found.set(place, {
          weight: Math.max(known.weight, least),
          score: Math.max(known.score, result.score),
          excerpt: () => result.data().then((page) => excerpt(page.excerpt)),
        });
      }
    }
    return found;
  }

  // A pasted error often holds a number or a name that stands nowhere: pages with half of the words or more, a word
  // counting for more the fewer pages have it.
  function nearest(having) {
    const pages = new Map();
    for (const results of having) {
      for (const page of results) {
        const known = pages.get(page.id) || { id: page.id, data: page.data, words: 0, score: 0 };
        known.words += 1;
        known.score += Math.log(1 + data.ids.length / results.length);
        pages.set(page.id, known);
      }
    }
    return [...pages.values()].filter((page) => page.words > 1 && page.words >= having.length / 2);
  }

  // Pagefind's excerpt is text with <mark> elements, its other angle brackets escaped.
  function excerpt(html) {
    return html.split(/(<mark>.*?<\/mark>)/).map((part) => {
      const text = part.replace(/<\/?mark>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">");
      return part.startsWith("<mark>") ? make("mark", "", text) : text;
    });
  }

  data.search = {
    rows: searchRows,
    text: searchText,
    hasText: isOnWeb && bundles.length > 0,
    isFile: !isOnWeb && bundles.length > 0,
    loadRows,
    rowOf,
  };
})();
