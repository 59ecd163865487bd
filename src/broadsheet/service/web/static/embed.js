// Puts stories on a site's own page: <script src="https://news.example/embed.js" data-stories="5" async></script>
// With data-reader, a token that the site's server asked for, they are the stories of this reader.
"use strict";
(() => {
  const script = document.currentScript, home = new URL(script.src).origin;
  const about = script.dataset, query = new URLSearchParams({ k: about.stories || "5", section: about.section || "" });
  const element = (name, text, kind) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const web = (address) => (/^https?:\/\//.test(address) ? address : "");
  const style = `
    :host { display: block; container-type: inline-size; font: 1rem/1.45 Georgia, "Times New Roman", serif; }
    ul { display: grid; gap: 1rem 1.5rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); list-style: none; margin: 0; padding: 0; }
    h2 { border-bottom: 3px double currentColor; font-size: 1.1rem; margin: 0 0 .8rem; padding-bottom: .3rem; }
    h3 { font-size: 1.1rem; line-height: 1.2; margin: .1rem 0 .3rem; } p { margin: 0; }
    a { color: inherit; text-decoration: none; } a:hover, a:focus { text-decoration: underline; }
    .kicker, .by { font-size: .8rem; opacity: .8; } img { aspect-ratio: 3 / 2; height: auto; object-fit: cover; width: 100%; }`;

  function story(one) {
    const item = element("li"), title = element("h3"), link = element("a", one.headline);
    link.href = web(one.link) || home + one.story;
    link.rel = "noopener";
    title.append(link);
    if (web(one.image)) {
      const picture = element("img");
      Object.assign(picture, { src: one.image, alt: "", loading: "lazy", width: 600, height: 400 });
      item.append(picture);
    }
    const kicker = [...one.marks, one.category, one.source, one.date].filter(Boolean).join(" · ");
    if (kicker) item.append(element("p", kicker, "kicker"));
    item.append(title);
    if (one.summary) item.append(element("p", one.summary));
    return item;
  }

  async function stories() {
    if (about.reader) {
      const body = new URLSearchParams([...query, ["reader", about.reader]]);
      const own = await fetch(`${home}/embed.json`, { method: "POST", credentials: "omit", body }).catch(() => null);
      if (own && own.ok) return own.json();
    } // without a token, or with a token that is too old, the stories are those for everybody
    return (await fetch(`${home}/embed.json?${query}`, { credentials: "omit" })).json();
  }

  stories().then((page) => {
    const box = element("section"), shadow = box.attachShadow({ mode: "open" }), sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    shadow.adoptedStyleSheets = [sheet];
    box.lang = page.language;
    const by = element("p", "", "by"), link = element("a", page.name);
    link.href = home + "/";
    by.append(link);
    const list = element("ul");
    list.append(...page.stories.map(story));
    shadow.append(element("h2", about.title || page.name), list, by);
    script.after(box);
  }).catch(() => {}); // the site's page is whole without the stories
})();
