// What makes the pages nicer. Each of them works without: a button that needs
// this script is hidden until it is here.
"use strict";
(() => {
  const all = (selector) => document.querySelectorAll(selector);
  const language = document.documentElement.lang;

  // A form is sent once: while it is under way, another press or Enter does
  // nothing, and its button says so. A page that comes back is as it was.
  const busyText = document.body.dataset.busy;
  const giveUpAfter = 20000; // somebody stopped the browser, or a file was downloaded
  const restore = (form) => {
    form.removeAttribute("aria-busy");
    for (const button of form.querySelectorAll("[data-label]")) {
      button.firstChild.data = button.dataset.label;
      delete button.dataset.label;
      button.removeAttribute("aria-disabled");
    }
  };
  const sayBusy = (form, button) => {
    const text = button && [...button.childNodes].find((node) => node.nodeType === 3 && node.data.trim());
    if (!text || text !== button.firstChild || button.classList.contains("link")) return;
    button.dataset.label = text.data;
    button.setAttribute("aria-disabled", "true");
    text.data = busyText;
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || "download" in form.dataset) return;
    if (form.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
    sayBusy(form, event.submitter);
    setTimeout(restore, giveUpAfter, form);
  });

  // A page that the browser kept in its memory is asked for again when somebody
  // goes back to it: what it showed is spent, or is no longer theirs to see.
  window.addEventListener("pageshow", (event) => {
    document.querySelectorAll("form[aria-busy]").forEach(restore);
    if (event.persisted) location.reload();
  });

  // The language menu asks for the page again as soon as a language is chosen.
  for (const select of all("select[data-submit]")) {
    select.form.querySelector("button").hidden = true;
    select.addEventListener("change", () => select.form.submit());
  }

  // What was wrong is not said of what is being typed.
  for (const input of all("[aria-invalid=true]")) {
    input.addEventListener("input", () => {
      input.removeAttribute("aria-invalid");
      const error = document.getElementById(input.id + "-error");
      if (error) error.hidden = true;
    }, { once: true });
  }

  // A QR code is of no use on the phone that it is shown on.
  if (matchMedia("(pointer: coarse)").matches) {
    for (const details of all("details[data-fold]")) details.open = false;
  }

  // A password that is shown is checked by eye; it is hidden again before it is sent.
  for (const button of all("[data-reveal]")) {
    const input = document.getElementById(button.dataset.reveal);
    const show = (shown) => {
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    };
    button.hidden = false;
    button.addEventListener("click", () => {
      show(input.type === "password");
      input.focus();
    });
    input.form.addEventListener("submit", () => show(false));
  }

  // How hard a password is to guess, in rough steps, where the server is not
  // asked or does not answer; it decides what is taken anyway. Repeats, runs of neighbours and a small alphabet add little.
  const score = (password) => {
    const characters = [...password];
    const alphabet = new Set(characters.map((c) => c.toLowerCase())).size;
    let fresh = 0;
    characters.forEach((c, i) => {
      const step = i > 0 ? Math.abs(c.codePointAt(0) - characters[i - 1].codePointAt(0)) : 99;
      fresh += step > 1 ? 1 : 0.2;
    });
    return Math.min(fresh, 2.2 * alphabet) * Math.log2(8 + alphabet);
  };
  for (const line of all("[data-strength]")) {
    const input = document.getElementById(line.dataset.strength);
    const words = line.dataset.words.split("|");
    const least = Number(line.dataset.min) || 8;
    const show = (level) => {
      if (input.value === "") { delete line.dataset.level; return; }
      line.dataset.level = String(level);
      line.querySelector(".word").textContent = words[level];
    };
    line.hidden = false; // its room is kept: a button that moves is missed
    const guess = (password) => {
      const bits = score(password);
      show(bits < 40 ? 1 : bits < 60 ? 2 : 3);
    };
    const ask = async (password) => {
      const { csrf } = input.form.elements;
      const body = new URLSearchParams({ csrf: csrf.value, password });
      try {
        const response = await fetch(line.dataset.url, { method: "POST", body });
        const { strength } = await response.json();
        if (input.value === password) show([1, 1, 2, 3, 3][strength]);
      } catch {
        if (input.value === password) guess(password);
      }
    };
    let pause;
    input.addEventListener("input", () => {
      const password = input.value;
      clearTimeout(pause);
      if ([...password].length < least) show(0);
      else if (line.dataset.url) pause = setTimeout(ask, 200, password);
      else guess(password);
    });
  }

  // Where somebody has to wait, the seconds are counted down.
  const countDown = (seconds, show) => {
    const until = Date.now() + Number(seconds) * 1000;
    const tick = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      show(left, `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
      if (left > 0) setTimeout(tick, 1000);
    };
    tick();
  };
  // A message can be asked for again when the count is down.
  for (const button of all("[data-countdown]")) {
    const wait = button.parentElement.querySelector(".wait");
    countDown(button.dataset.countdown, (left, clock) => {
      button.disabled = left > 0;
      wait.hidden = left <= 0;
      wait.textContent = wait.dataset.text.replace("{}", clock);
    });
  }
  // What was refused for now can be tried again then.
  for (const wait of all("[data-until]")) {
    countDown(wait.dataset.until, (left, clock) => {
      wait.textContent = left > 0 ? wait.dataset.text.replace("{}", clock) : wait.dataset.now;
    });
  }

  for (const button of all("[data-copy]")) {
    if (!navigator.clipboard) continue;
    const label = button.textContent;
    button.hidden = false;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).dataset.value);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 3000);
    });
  }
  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // Whoever copied, downloaded or printed the codes has saved them.
  for (const control of all("[data-ticks]")) {
    control.addEventListener("click", () => { document.getElementById(control.dataset.ticks).checked = true; });
  }

  // Where the navigation is a row that scrolls, the current page is in sight.
  document.querySelector(".side [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

  // Times are in UTC until the browser says where it is.
  for (const time of all("time[datetime]")) {
    const style = "date" in time.dataset ? { dateStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
    time.textContent = new Intl.DateTimeFormat(language, style).format(new Date(time.dateTime));
  }
})();
// Passkeys (WebAuthn): the page holds the options, the browser answers them, and
// the answer is sent as the field "credential" of the form.
"use strict";
(() => {
  const decode = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0)).buffer;
  const encode = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const described = (list) => list && list.map((c) => ({ ...c, id: decode(c.id) }));

  // Browsers that do not read the JSON form themselves (WebAuthn level 3, section 5.1.8).
  const parseCreation = (o) => ({
    ...o,
    challenge: decode(o.challenge),
    user: { ...o.user, id: decode(o.user.id) },
    excludeCredentials: described(o.excludeCredentials),
  });
  const parseRequest = (o) => ({ ...o, challenge: decode(o.challenge), allowCredentials: described(o.allowCredentials) });

  const asJSON = (credential) => {
    if (typeof credential.toJSON === "function") return credential.toJSON();
    const { response } = credential;
    const shown = { clientDataJSON: encode(response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) shown[name] = encode(response[name]);
    }
    if (response.getTransports) shown.transports = response.getTransports();
    return {
      id: credential.id,
      rawId: encode(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: shown,
    };
  };

  const ask = (form, more) => {
    const { publicKey: options } = JSON.parse(form.dataset.options);
    const { PublicKeyCredential: api } = window;
    if (form.dataset.passkey === "create") {
      const publicKey = api.parseCreationOptionsFromJSON?.(options) ?? parseCreation(options);
      return navigator.credentials.create({ publicKey, ...more });
    }
    const publicKey = api.parseRequestOptionsFromJSON?.(options) ?? parseRequest(options);
    return navigator.credentials.get({ publicKey, ...more });
  };

  let waiting = null; // the autofill that waits, of which a browser takes one at a time

  const send = (form, credential) => {
    form.elements.credential.value = JSON.stringify(asJSON(credential));
    HTMLFormElement.prototype.submit.call(form);
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const problem = form.querySelector("#credential-error");
    const say = (what) => {
      problem.textContent = problem.dataset[what];
      problem.hidden = false;
    };
    const conditional = "conditional" in form.dataset;
    if (!window.PublicKeyCredential) {
      if (!conditional) {
        say("unsupported");
        form.querySelector("button[type=submit]").disabled = true;
      }
      continue;
    }
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (event.submitter?.name === "cancel") return;
      event.preventDefault();
      problem.hidden = true;
      waiting?.abort();
      const button = form.querySelector("button.primary, button.outline");
      button.disabled = true;
      try {
        send(form, await ask(form));
      } catch (error) {
        say(error.name === "InvalidStateError" ? "known" : "cancelled");
        button.disabled = false;
      }
    });
    if (conditional && window.PublicKeyCredential.isConditionalMediationAvailable) {
      (async () => {
        if (!(await window.PublicKeyCredential.isConditionalMediationAvailable())) return;
        waiting = new AbortController();
        try {
          send(form, await ask(form, { mediation: "conditional", signal: waiting.signal }));
        } catch {
          // The person chose another way, which is no failure.
        }
      })();
    }
  }
})();
