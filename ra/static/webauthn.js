// SPDX-License-Identifier: Apache-2.0
// Approving with a security key: the challenge is the digest of the order,
// and what the key signs goes into fields of the form.  And registering one.
import { fromBase64url, toBase64url } from "./encoding.js";
import { busy, say, word } from "./page.js";

// Why the browser or the device said no, as a word of ours.
const REASONS = {
	NotAllowedError: "refused",
	InvalidStateError: "known",
	SecurityError: "origin",
	NotSupportedError: "kind",
	AbortError: "refused",
};

function fill(form, values) {
	for (const [name, value] of Object.entries(values))
		form.elements[name].value = value;
}

const b64 = (buffer) => toBase64url(new Uint8Array(buffer));

function credentials(form) {
	return (form.dataset.credentials ?? "").split(/\s+/).filter(Boolean)
	    .map((id) => ({ type: "public-key", id: fromBase64url(id) }));
}

async function assert(form) {
	const { response, id } = await navigator.credentials.get({ publicKey: {
		challenge: fromBase64url(form.dataset.challenge),
		rpId: form.dataset.rp,
		allowCredentials: credentials(form),
		userVerification: "required",
		timeout: 120000,
	} });
	fill(form, {
		credential: id,
		authenticator_data: b64(response.authenticatorData),
		client_data: b64(response.clientDataJSON),
		signature: b64(response.signature),
	});
}

async function register(form) {
	const { rp, rpName, challenge, user, userName } = form.dataset;
	const { response, id } = await navigator.credentials.create({ publicKey: {
		challenge: fromBase64url(challenge),
		rp: { id: rp, name: rpName },
		user: { id: fromBase64url(user), name: userName,
		    displayName: userName },
		// ES256, EdDSA, RS256
		pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key",
		    alg })),
		authenticatorSelection: { userVerification: "required",
		    residentKey: "discouraged" },
		excludeCredentials: credentials(form),
		attestation: "none",
		timeout: 120000,
	} });
	fill(form, {
		credential: id,
		public_key: b64(response.getPublicKey()),
		algorithm: response.getPublicKeyAlgorithm(),
		authenticator_data: b64(response.getAuthenticatorData()),
		client_data: b64(response.clientDataJSON),
	});
}

function start(form, act) {
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		busy(form, async () => {
			if (!globalThis.PublicKeyCredential)
				throw Object.assign(new Error(), { code: "kind" });
			say(form, word("touch"));
			try {
				await act(form);
			} catch (e) {
				throw Object.assign(new Error(e.message),
				    { code: REASONS[e.name] });
			}
			say(form, word("sending"));
			form.submit();
		});
	});
}

for (const form of document.querySelectorAll("form[data-approve]"))
	start(form, assert);
for (const form of document.querySelectorAll("form[data-register]"))
	start(form, register);
