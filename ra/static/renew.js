// SPDX-License-Identifier: Apache-2.0
// Renewal: the old file is opened here, a new key is made, and the old key
// signs the bytes of the order that the server has prepared.  What it has
// signed is kept until there is an answer: who presses the button again, or
// loads the page anew, sends the same and orders nothing twice.
import { spkiFrom } from "./certificate.js";
import { generate, importKey, pkcs8Of, request, sign, spkiOf,
    verifies } from "./csr.js";
import { fromBase64, toBase64, toPem } from "./encoding.js";
import { keep } from "./keep.js";
import { busy, bytesOf, download, fileName, post, say, word } from "./page.js";
import { writeKey } from "./pkcs12.js";
import { FileError, readPkcs12 } from "./pkcs12_read.js";

// The certificate that is the key's, among those of the file.
async function ownOf({ pkcs8, certs }) {
	const probe = crypto.getRandomValues(new Uint8Array(32));
	const signature = await sign(await importKey(pkcs8), probe, "SHA-256");
	for (const der of certs)
		if (await verifies(spkiFrom(der), signature, probe).catch(() => false))
			return der;
	throw new FileError("empty");
}

async function newKey(form, password) {
	const kind = form.querySelector("[data-kind]").value;
	const pair = await generate(kind);
	const pkcs8 = await pkcs8Of(pair.privateKey);
	const shut = await writeKey(password, pkcs8);
	pkcs8.fill(0);
	await keep(await spkiOf(pair.publicKey), shut);
	download(fileName("my-new", "key.pem"), "application/x-pem-file",
	    toPem("ENCRYPTED PRIVATE KEY", shut));
	return toPem("CERTIFICATE REQUEST", await request(pair, kind, ""));
}

const KEPT = "signet-renewal";

function kept() {
	try {
		return JSON.parse(sessionStorage.getItem(KEPT));
	} catch {
		return null;
	}
}

// Storage may be full or forbidden: then only this answer can be lost.
function keepSigned(signed) {
	try {
		if (signed === null)
			sessionStorage.removeItem(KEPT);
		else
			sessionStorage.setItem(KEPT, JSON.stringify(signed));
	} catch {
		// It is in nobody's way.
	}
}

async function finish(form, signed) {
	keepSigned(signed);
	say(form, word("sending"));
	try {
		const done = await post("/renew/finish",
		    { csrf: form.elements.csrf.value, ...signed });
		keepSigned(null);
		location.assign(done.location);
	} catch (e) {
		if (e.refused)
			keepSigned(null);
		throw e;
	}
}

async function signed(form) {
	const input = form.querySelector("[data-old-file]");
	const password = form.querySelector("[data-password]").value;
	if (input.files.length === 0)
		throw Object.assign(new Error(), { code: "nofile" });
	say(form, word("opening"));
	const old = await readPkcs12(password, await bytesOf(input));
	const own = await ownOf(old);
	say(form, word("making"));
	const csrf = form.elements.csrf.value;
	const order = await post("/renew/prepare", { csrf,
	    certificate: toPem("CERTIFICATE", own),
	    csr: await newKey(form, password) });
	const signature = await sign(await importKey(old.pkcs8),
	    fromBase64(order.bytes), order.hash ?? "SHA-256");
	old.pkcs8.fill(0);
	return { token: order.token, signature: toBase64(signature) };
}

for (const form of document.querySelectorAll("form[data-renew]")) {
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		busy(form, async () => finish(form, kept() ?? await signed(form)));
	});
	if (kept() !== null)
		busy(form, () => finish(form, kept()));
}
