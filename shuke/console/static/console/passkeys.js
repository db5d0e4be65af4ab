// Passkeys: <form data-passkey="create|get" data-ask="…">; the browser's answer goes into its field "answer".
// With data-then="id" that form is sent once the answer was taken.

const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const read = (one) => ({ ...one, id: toBytes(one.id) });

function question({ publicKey: asked }) {
  const found = { ...asked, challenge: toBytes(asked.challenge) };
  if (asked.user) found.user = read(asked.user);
  if (asked.excludeCredentials) found.excludeCredentials = asked.excludeCredentials.map(read);
  if (asked.allowCredentials) found.allowCredentials = asked.allowCredentials.map(read);
  return { publicKey: found };
}

function answer(credential) {
  const given = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) given[part] = toText(credential.response[part]);
  }
  return { id: credential.id, rawId: toText(credential.rawId), type: credential.type, response: given };
}

async function ask(form) {
  const reply = await fetch(form.dataset.ask, { method: "POST", body: new FormData(form) });
  const asked = await reply.json();
  if (!reply.ok) throw new Error(asked.said);
  const credential = await navigator.credentials[form.dataset.passkey](question(asked));
  form.elements.answer.value = JSON.stringify(answer(credential));
}

async function send(form) {
  if (!form.dataset.then) {
    HTMLFormElement.prototype.submit.call(form);
    return;
  }
  const reply = await fetch(form.action, { method: "POST", body: new FormData(form) });
  const next = document.getElementById(form.dataset.then);
  if (reply.status === 204) HTMLFormElement.prototype.submit.call(next);
  else location.reload();
}

document.querySelectorAll("form[data-passkey]").forEach((form) => {
  form.hidden = !window.PublicKeyCredential;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await ask(form);
      await send(form);
    } catch (error) {
      // Whoever closes the browser's window has changed her mind: nothing to tell.
      if (error.name !== "NotAllowedError" && error.name !== "AbortError") {
        document.body.dispatchEvent(new CustomEvent("toast", { detail: { text: error.message, tone: "danger" } }));
      }
    } finally {
      delete form.dataset.sent;
    }
  });
});
document.querySelectorAll("[data-no-passkeys]").forEach((words) => { words.hidden = Boolean(window.PublicKeyCredential); });
