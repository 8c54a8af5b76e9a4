"use strict";
// What [everyPage.inEveryLanguage] measures of a page.

let frames = [];

// measure puts a page into frames, one for each language, and says what is wrong with it
// at each width; [end] removes them.
async function measure(documents, widths, was) {
  frames = await Promise.all(Object.entries(documents).map(async ([lang, text]) => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-same-origin"; // and no allow-scripts
    frame.style = "border: 0; height: 900px";
    frame.srcdoc = text;
    const loaded = new Promise(done => { frame.onload = done; });
    document.body.append(frame);
    await loaded;
    return {lang, frame};
  }));
  const found = [];
  for (const {lang, frame} of frames) {
    const root = frame.contentDocument.documentElement;
    if (was === "en" && root.lang !== lang || root.dir !== (root.lang === "ar" ? "rtl" : "ltr")) {
      found.push(`${lang}: lang ${root.lang} dir ${root.dir}`);
    }
    for (const width of widths) {
      frame.style.width = `${width}px`;
      for (const wrong of wrongs(root, width)) found.push(`${lang} ${width}: ${wrong}`);
    }
  }
  return found.join("\n");
}

// lay lays the frames side by side for a picture, whole where they are not too long, and
// says how large it is.
async function lay(width) {
  document.body.style = "margin: 0; display: flex; gap: 8px; background: #888; width: max-content; align-items: start";
  for (const child of document.body.children) if (child.localName !== "iframe") child.hidden = true;
  for (const {frame} of frames) frame.style = `border: 0; flex: none; width: ${width}px; height: 600px`;
  const height = Math.min(2000, Math.max(...frames.map(({frame}) => frame.contentDocument.documentElement.scrollHeight)));
  for (const {frame} of frames) frame.style.height = `${height}px`;
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return JSON.stringify({width: frames.length * (width + 8) - 8, height});
}

async function end() {
  for (const {frame} of frames) frame.remove();
  return "";
}

// wrongs are what is beyond the window, cut off, or over something else.
function wrongs(root, width) {
  const found = [], around = new Map();
  if (root.scrollWidth > width) found.push(`the page is ${root.scrollWidth} wide`);
  const pieces = [...texts(root), ...controls(root)].sort((a, b) => a.box.top - b.box.top);
  for (const p of pieces) {
    const cut = cutter(p, around);
    if (cut) found.push(`${p.name} is cut off by ${cut}`);
  }
  for (const word of broken(root)) found.push(`“${word}” is broken`);
  for (const [i, a] of pieces.entries()) {
    for (let j = i + 1; j < pieces.length && pieces[j].box.top < a.box.bottom; j++) {
      const b = pieces[j];
      if (over(a.box, b.box) && !a.element.contains(b.element) && !b.element.contains(a.element)) found.push(`${a.name} is over ${b.name}`);
    }
  }
  return found;
}

// plain is a box whose sides cost nothing to read.
function plain({left, right, top, bottom}) {
  return {left, right, top, bottom};
}

// texts are the lines of text that can be seen, and controls what can be pressed or typed into.
function texts(root) {
  const found = [], walker = root.ownerDocument.createTreeWalker(root.querySelector("body"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim() || !seen(node.parentElement)) continue;
    const range = root.ownerDocument.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) {
      if (box.width > 1) found.push({name: `“${node.data.trim().slice(0, 60)}”`, element: node.parentElement, box: plain(box)});
    }
  }
  return found;
}

// broken are words of headings and buttons that go on in the next line without a hyphen.
function broken(root) {
  const found = [];
  const lines = [...root.querySelectorAll("h1, h2, button, a.button")].filter(seen);
  for (const node of lines.flatMap(e => [...e.childNodes]).filter(n => n.nodeType === Node.TEXT_NODE)) {
    for (const word of node.data.matchAll(/[\p{Script=Latin}\p{Script=Arabic}]{2,}/gu)) {
      if (node.data[word.index - 1] === "\u00AD") continue; // the hyphen belongs to it
      const range = root.ownerDocument.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      if (new Set([...range.getClientRects()].filter(box => box.width > 1).map(box => Math.round(box.top))).size > 1) found.push(word[0]);
    }
  }
  return found;
}

function controls(root) {
  return [...root.querySelectorAll("button, input:not([type=hidden]), select, textarea, a.button")].filter(seen)
    .map(element => ({name: `<${element.localName} id=${element.id}>`, element, box: plain(element.getBoundingClientRect())}));
}

function seen(element) {
  return element.checkVisibility({visibilityProperty: true}) && !element.closest(".visually-hidden, .skip, option");
}

// cutter is the element around a piece that hides a part of it, or whose frame it leaves;
// empty where it can be seen, at once or by scrolling within that element. What was read of
// elements is kept in around.
function cutter({element, box}, around) {
  for (let e = element; e; e = e.parentElement) {
    if (!around.has(e)) around.set(e, edges(e));
    const {scrolls, inline, clipsX, clipsY, frame} = around.get(e);
    if (scrolls) return "";
    if (inline) continue;
    if (clipsX && (box.left < frame.left - 1 || box.right > frame.right + 1)) return `<${e.localName} class="${e.className}">`;
    if (clipsY && (box.top < frame.top - 3 || box.bottom > frame.bottom + 3)) return `<${e.localName} class="${e.className}">`;
  }
  return "";
}

function edges(e) {
  const {display, overflowX, overflowY} = e.ownerDocument.defaultView.getComputedStyle(e);
  return {
    scrolls: ["auto", "scroll"].includes(overflowX), inline: display === "inline",
    clipsX: overflowX !== "visible" || e.matches("button, a.button, main, html"), clipsY: overflowY === "hidden",
    frame: plain(e.getBoundingClientRect()),
  };
}

// over reports whether two boxes share more than the lines of a font do.
function over(a, b) {
  return Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5;
}
