// What makes the console quicker: lists that follow what is typed, and a palette on
// Ctrl-K. Both show what the server's own pages say; without this script the same is
// reached by their forms and links.
"use strict";
(() => {
  const language = document.documentElement.lang;
  const pause = 200; // of typing, before the server is asked

  // Times that came later are in the browser's time zone, as those of the page.
  const localize = (within) => {
    for (const time of within.querySelectorAll("time[datetime]")) {
      const style = "date" in time.dataset ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
      time.textContent = new Intl.DateTimeFormat(language, style).format(new Date(time.dateTime));
    }
  };

  // One question at a time: an answer to what is not asked any more is dropped.
  const asker = (id, show) => {
    let waiting, asked;
    return (address) => {
      clearTimeout(waiting);
      waiting = setTimeout(async () => {
        asked?.abort();
        asked = new AbortController();
        try {
          const response = await fetch(address, { signal: asked.signal, headers: { Accept: "text/html" } });
          // A page that is not the one that was asked for is a sign-in, or an error.
          if (!response.ok || new URL(response.url).pathname !== new URL(address, location.href).pathname) return;
          const text = await response.text();
          // Without its head, whose style is none of this page's (Content-Security-Policy).
          const main = text.slice(text.indexOf("<main"), text.indexOf("</main>"));
          const page = new DOMParser().parseFromString(main, "text/html");
          const part = page.getElementById(id);
          if (part) show(part, address);
        } catch { /* the form still asks */ }
      }, pause);
    };
  };
  const addressOf = (form) => {
    const given = [...new FormData(form)].filter(([, value]) => value !== "");
    const query = new URLSearchParams(given).toString();
    return form.getAttribute("action") + (query && "?" + query);
  };

  // A list follows its filters.
  const filters = document.querySelector("form.filters");
  const list = document.getElementById("list") ?? document.getElementById("found");
  if (filters && list) {
    list.setAttribute("aria-live", "polite");
    const ask = asker(list.id, (part, address) => {
      localize(part);
      list.replaceChildren(...part.childNodes);
      history.replaceState(history.state, "", address);
    });
    const follow = () => ask(addressOf(filters));
    filters.addEventListener("input", follow);
    filters.addEventListener("change", follow);
  }

  // The palette goes anywhere.
  const palette = document.getElementById("palette");
  const opener = document.getElementById("find-link");
  if (!palette || !opener) return;
  const form = palette.querySelector("form");
  const input = form.querySelector("input");
  const results = palette.querySelector(".results");
  const ask = asker("found", (part) => results.replaceChildren(...part.childNodes));
  const open = () => {
    if (palette.open) return;
    palette.showModal();
    input.select();
    ask(addressOf(form));
  };
  opener.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  input.addEventListener("input", () => ask(addressOf(form)));
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
  palette.addEventListener("keydown", (event) => {
    const links = [...results.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "ArrowDown" && links.length > 0) {
      links[Math.min(at + 1, links.length - 1)].focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      (at === 0 ? input : links[at - 1]).focus();
    } else if (event.key === "Enter" && document.activeElement === input && links.length > 0 && input.value !== "") {
      links[0].click();
    } else {
      return;
    }
    event.preventDefault();
  });
})();
