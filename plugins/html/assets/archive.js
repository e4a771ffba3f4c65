// Comforts of every page, none of them needed to read it: the theme, keys, links to copy, print.
(() => {
  "use strict";

  const THEMES = ["auto", "light", "dark"];
  const KEY = "roomscribe-theme";
  const html = document.documentElement;

  // A browser may forbid storage, above all to pages of a folder.
  const stored = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };
  const store = (theme) => {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // The theme then holds for this page.
    }
  };

  let theme = THEMES.includes(stored()) ? stored() : "auto";
  const apply = () => {
    if (theme === "auto") delete html.dataset.theme;
    else html.dataset.theme = theme;
    document.querySelectorAll(".themes button").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.value === theme));
    });
  };
  const choose = (next) => {
    theme = next;
    store(theme);
    apply();
  };
  apply(); // before the first paint
  addEventListener("storage", (event) => {
    if (event.key !== KEY || !THEMES.includes(event.newValue)) return;
    theme = event.newValue;
    apply();
  });

  const make = (tag, attributes, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  let status = null;
  let fade = 0;
  function say(text) {
    if (!status) document.body.append((status = make("p", { class: "toast", role: "status" })));
    status.textContent = text;
    clearTimeout(fade);
    fade = setTimeout(() => (status.textContent = ""), 2500);
  }

  async function copy(address) {
    try {
      await navigator.clipboard.writeText(address);
      say("Link copied");
    } catch {
      say("The browser does not let pages copy: take the link from the address bar");
    }
  }

  const permalink = (message) => message.querySelector("a.time").href;
  const hours = () => Array.from(document.querySelectorAll("li.message[id]"));

  /** The message that the address names, or else the first in sight. */
  function current() {
    const named = document.querySelector("li.message:target");
    return named || hours().find((message) => message.getBoundingClientRect().bottom > 60);
  }

  /** Goes to the day before or after; beyond the page, to the page before or after. */
  function day(step) {
    const days = Array.from(document.querySelectorAll(".day > h2"));
    const tops = days.map((heading) => heading.parentElement.getBoundingClientRect().top);
    const at = tops.filter((top) => top < 8).length - 1;
    const next = step < 0 && at >= 0 && tops[at] < -8 ? at : at + step;
    if (days[next]) return days[next].parentElement.scrollIntoView();
    const link = document.querySelector(step < 0 ? "a[rel=prev]" : "a[rel=next]");
    if (link) link.click();
  }

  /** A message inside a closed thread is shown when somebody goes there. */
  function reveal() {
    let id = "";
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const target = document.getElementById(id);
    const closed = target && target.closest("details:not([open])");
    if (!closed) return;
    for (let details = closed; details; details = details.parentElement.closest("details")) details.open = true;
    target.scrollIntoView();
  }

  function start() {
    const bar = document.querySelector(".bar");
    const names = { auto: "Auto", light: "Light", dark: "Dark" };
    const buttons = THEMES.map((value) => make("button", { type: "button", value }, names[value]));
    const group = make("div", { class: "themes", role: "group", "aria-label": "Theme" }, ...buttons);
    group.addEventListener("click", (event) => event.target.value && choose(event.target.value));
    bar.append(group);
    apply();

    document.addEventListener("click", (event) => {
      const time = event.target.closest && event.target.closest("a.time");
      if (time && !event.ctrlKey && !event.metaKey && !event.shiftKey) copy(time.href);
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest && event.target.closest("input, textarea, select, [contenteditable]");
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "[") day(-1);
      else if (event.key === "]") day(1);
      else if (event.key === "t") choose(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
      else if (event.key === "p") {
        const message = current();
        if (message) copy(permalink(message));
      }
    });
    addEventListener("hashchange", reveal);
    reveal();

    let opened = [];
    addEventListener("beforeprint", () => {
      opened = Array.from(document.querySelectorAll("details:not([open])"));
      opened.forEach((details) => (details.open = true));
    });
    addEventListener("afterprint", () => {
      opened.forEach((details) => (details.open = false));
      opened = [];
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
