/* Two tabs: the tables, and the test for people. Links to something inside a tab open it. */

function watchTabs() {
  const list = document.querySelector("[role=tablist]");
  const tabs = [...list.children];
  const panel = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const select = (chosen) => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.setAttribute("tabindex", tab === chosen ? "0" : "-1");
      panel(tab).hidden = tab !== chosen;
    }
    document.body.dataset.tab = panel(chosen).id;
  };
  const reveal = (address) => {
    const target = document.getElementById(address.slice(1));
    const tab = tabs.find((each) => target && panel(each).contains(target));
    if (tab) select(tab);
  };
  tabs.forEach((tab, n) => {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", ({ key }) => {
      const next = { ArrowLeft: n - 1, ArrowRight: n + 1, Home: 0, End: -1 }[key];
      if (next === undefined) return;
      const other = tabs.at(next % tabs.length);
      select(other);
      other.focus();
    });
  });
  // Before the browser goes there: what is hidden can be neither scrolled to nor focused.
  document.addEventListener("click", ({ target }) => {
    const link = target.closest("a[href^='#']");
    if (link) reveal(link.getAttribute("href"));
  }, true);
  addEventListener("hashchange", () => reveal(location.hash));
  list.hidden = false;
  select(tabs[0]);
  reveal(location.hash);
}

