// Passkeys: a form with `data-passkey` (make or use) and `data-options` (what the server asks for) gets a working button.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (credentials) => (credentials || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const make = async (asked) => {
    const key = { ...asked, challenge: bytes(asked.challenge), user: { ...asked.user, id: bytes(asked.user.id) } };
    key.excludeCredentials = listed(asked.excludeCredentials);
    key.authenticatorSelection = { ...asked.authenticatorSelection, residentKey: "preferred", requireResidentKey: false };
    const made = await navigator.credentials.create({ publicKey: key });
    const { clientDataJSON, attestationObject } = made.response;
    const response = { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) };
    return { made, response };
  };
  const use = async (asked) => {
    const key = { ...asked, challenge: bytes(asked.challenge), allowCredentials: listed(asked.allowCredentials) };
    const made = await navigator.credentials.get({ publicKey: key });
    const { clientDataJSON, authenticatorData, signature, userHandle } = made.response;
    const response = { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) };
    if (userHandle) response.userHandle = text(userHandle);
    return { made, response };
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    form.hidden = false;
    const failed = form.querySelector("[data-failed]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      failed.hidden = true;
      try {
        let options = form.dataset.options && JSON.parse(form.dataset.options);
        if (!options) {
          const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
          options = (await answer.json()).request_options;
        }
        const act = form.dataset.passkey === "make" ? make : use;
        const { made, response } = await act(options.publicKey);
        const credential = {
          id: made.id, rawId: text(made.rawId), type: made.type, response,
          authenticatorAttachment: made.authenticatorAttachment, clientExtensionResults: made.getClientExtensionResults(),
        };
        form.elements.credential.value = JSON.stringify(credential);
        form.submit();
      } catch {
        failed.hidden = false;
      }
    });
  }
})();
