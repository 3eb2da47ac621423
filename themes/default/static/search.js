// Search: which incidents a query means. The texts of rows are searched everywhere, also from a file; the full text
// (Pagefind, https://pagefind.app) where a web server gives the index.
(function () {
  "use strict";
  const data = window.pmExplorer;
  const home = document.querySelector("[data-pm-explorer]");
  if (!data || !home) return;

  const root = new URL(home.dataset.pmExplorer, location.href);
  const bundles = home.dataset.pmBundles.split(" ").filter(Boolean);
  const isOnWeb = location.protocol.startsWith("http");
  // Scripts that put no blanks between words: a word may begin anywhere.
  const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
  const searched = ["title", "number", "line", "summary", "resolution"];
  const loading = new Map();
  const plainTexts = [];
  let pagefind;

  // Letters and digits in lower case without accents, a blank before each word: "PM2021-007" is " pm2021 007".
  function plain(text) {
    const words = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().match(/[\p{L}\p{N}]+/gu);
    return words ? " " + words.join(" ") : "";
  }

  function parse(text) {
    const phrase = plain(text);
    const words = phrase.split(" ").filter(Boolean).map((word) => (unspaced.test(word) ? word : " " + word));
    return { text: text, phrase: phrase, words: words, isQuoted: /^\s*".+"\s*$/.test(text) };
  }

  function chunkOf(index) {
    return Math.floor((data.ids.length - 1 - index) / data.chunk);
  }

  function rowOf(index) {
    const place = data.ids.length - 1 - index;
    return data.rows[chunkOf(index)][place % data.chunk];
  }

  function loadChunk(number) {
    if (!loading.has(number)) {
      loading.set(
        number,
        new Promise((resolve, reject) => {
          const script = document.createElement("script");
          script.src = new URL("explorer/rows-" + number + ".js", root).href;
          script.onload = resolve;
          script.onerror = () => {
            loading.delete(number);
            reject(new Error("the rows cannot be loaded"));
          };
          document.head.append(script);
        }),
      );
    }
    return loading.get(number);
  }

  // The rows of these incidents, of all if none are named; rowOf() gives them once they are here.
  function loadRows(indices) {
    const all = Array.from({ length: Math.ceil(data.ids.length / data.chunk) }, (_, number) => number);
    return Promise.all([...new Set(indices ? indices.map(chunkOf) : all)].map(loadChunk));
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
    return { index: index, pages: pages };
  }

  // Pagefind gives the nearest word that it knows for one that it does not. Between quotation marks it does not guess:
  // a page is a hit if it has the phrase, or each of its words.
  async function searchText(query, hits) {
    pagefind = pagefind || openIndex();
    const { index, pages } = await pagefind;
    const words = query.text.replace(/"/g, " ").trim().split(/\s+/);
    const exactly = async (text) => (await index.search('"' + text + '"')).results;
    const phrase = await exactly(words.join(" "));
    let loose = [];
    if (words.length > 1 && !query.isQuoted) {
      const having = await Promise.all(words.map(async (word) => new Set((await exactly(word)).map((page) => page.id))));
      const all = having.every((set) => set.size) ? (await index.search(words.join(" "))).results : [];
      loose = all.filter((page) => having.every((set) => set.has(page.id)));
    }
    const found = new Map(hits);
    for (const [results, least] of [[loose, 0.5], [phrase, 3]]) {
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

  // Pagefind's excerpt is text with <mark> elements, its other angle brackets escaped.
  function excerpt(html) {
    return html.split(/(<mark>.*?<\/mark>)/).map((part) => {
      const text = part.replace(/<\/?mark>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">");
      return part.startsWith("<mark>") ? marked(text) : text;
    });
  }

  function marked(text) {
    const mark = document.createElement("mark");
    mark.textContent = text;
    return mark;
  }

  // A text as nodes, the words that begin as the query's do in <mark> elements.
  function highlight(text, query) {
    if (!query) return [text];
    const wanted = query.words.map((word) => word.trim());
    return text.split(/([\p{L}\p{N}\p{M}]+)/u).map((part, place) => {
      const word = place % 2 ? plain(part).trim() : "";
      const isHit = word && wanted.some((one) => word.startsWith(one) || (unspaced.test(one) && word.includes(one)));
      return isHit ? marked(part) : part;
    });
  }

  data.search = {
    parse: parse,
    rows: searchRows,
    text: searchText,
    hasText: isOnWeb && bundles.length > 0,
    isFile: !isOnWeb && bundles.length > 0,
    loadRows: loadRows,
    rowOf: rowOf,
    highlight: highlight,
  };
})();
