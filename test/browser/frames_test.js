"use strict";
// What [tab.inEveryLanguage] measures of a page.

const LANGUAGES = ["en", "de", "ja", "ar"], WIDTHS = [360, 768, 1280];

async function measure(address, was) {
  const pages = await Promise.all(LANGUAGES.map(async lang => {
    const answer = await fetch(address, {headers: {"Accept": "text/html", "Accept-Language": lang}});
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-same-origin"; // and no allow-scripts
    frame.style = "border: 0; height: 900px";
    frame.srcdoc = await answer.text();
    const loaded = new Promise(done => { frame.onload = done; });
    document.body.append(frame);
    await loaded;
    return {lang, frame};
  }));
  const found = [];
  for (const {lang, frame} of pages) {
    const root = frame.contentDocument.documentElement;
    if (was === "en" && root.lang !== lang || root.dir !== (root.lang === "ar" ? "rtl" : "ltr")) {
      found.push(`${lang}: lang ${root.lang} dir ${root.dir}`);
    }
    for (const width of WIDTHS) {
      frame.style.width = `${width}px`;
      for (const wrong of wrongs(root, width)) found.push(`${lang} ${width}: ${wrong}`);
    }
    frame.remove();
  }
  return found;
}

// wrongs are what is beyond the window, cut off, or over something else.
function wrongs(root, width) {
  const found = [];
  if (root.scrollWidth > width) found.push(`the page is ${root.scrollWidth} wide`);
  const pieces = [...texts(root), ...controls(root)];
  for (const p of pieces) {
    const cut = cutter(p);
    if (cut) found.push(`${p.name} is cut off by ${cut}`);
  }
  for (const [i, a] of pieces.entries()) {
    for (const b of pieces.slice(i + 1)) {
      if (!a.element.contains(b.element) && !b.element.contains(a.element) && over(a.box, b.box)) found.push(`${a.name} is over ${b.name}`);
    }
  }
  return found;
}

// texts are the lines of text that can be seen, and controls what can be pressed or typed into.
function texts(root) {
  const found = [], walker = root.ownerDocument.createTreeWalker(root.querySelector("body"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim() || !seen(node.parentElement)) continue;
    const range = root.ownerDocument.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width > 1) found.push({name: `“${node.data.trim().slice(0, 60)}”`, element: node.parentElement, box});
    }
  }
  return found;
}

function controls(root) {
  return [...root.querySelectorAll("button, input:not([type=hidden]), select, textarea, a.button")].filter(seen)
    .map(element => ({name: `<${element.localName} id=${element.id}>`, element, box: element.getBoundingClientRect()}));
}

function seen(element) {
  return element.checkVisibility({visibilityProperty: true}) && !element.closest(".visually-hidden, .skip, option");
}

// cutter is the element around a piece that hides a part of it, or whose frame it leaves;
// empty where it can be seen, at once or by scrolling within that element.
function cutter({element, box}) {
  const wide = frame => box.left < frame.left - 1 || box.right > frame.right + 1;
  for (let e = element; e; e = e.parentElement) {
    const style = e.ownerDocument.defaultView.getComputedStyle(e), frame = e.getBoundingClientRect();
    if (["auto", "scroll"].includes(style.overflowX)) return "";
    if (style.display === "inline") continue;
    if (wide(frame) && (style.overflowX !== "visible" || e.matches("button, a.button, main, html"))) return `<${e.localName} class="${e.className}">`;
    if (style.overflowY === "hidden" && (box.top < frame.top - 3 || box.bottom > frame.bottom + 3)) return `<${e.localName} class="${e.className}">`;
  }
  return "";
}

// over reports whether two boxes share more than the lines of a font do.
function over(a, b) {
  return Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5;
}
