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
