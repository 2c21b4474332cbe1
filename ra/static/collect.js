// SPDX-License-Identifier: Apache-2.0
// Puts the certificate and the key that this page made earlier into one
// PKCS#12 file.
import { spkiFrom } from "./certificate.js";
import { fromPem } from "./encoding.js";
import { importKey, sign, verifies } from "./csr.js";
import { forget, kept } from "./keep.js";
import { busy, bytesOf, download, fileName, say, word } from "./page.js";
import { writePkcs12 } from "./pkcs12.js";
import { readKey } from "./pkcs12_read.js";

const wrong = (code) => Object.assign(new Error(code), { code });

async function shutKey(form, spki) {
	const file = form.querySelector("[data-key-file]");
	if (file.files.length === 0)
		return await kept(spki) ?? (() => { throw wrong("nokey"); })();
	const text = new TextDecoder().decode(await bytesOf(file));
	const [shut] = fromPem("ENCRYPTED PRIVATE KEY", text);
	if (shut === undefined)
		throw wrong("format");
	return shut;
}

// The key fits if the certificate's public key verifies what it signs.
async function fits(pkcs8, spki) {
	const probe = crypto.getRandomValues(new Uint8Array(32));
	const key = await importKey(pkcs8);
	return verifies(spki, await sign(key, probe, "SHA-256"), probe);
}

async function collect(form, certs) {
	const spki = spkiFrom(certs[0]);
	const password = form.querySelector("[data-password]").value;
	say(form, word("making"));
	const pkcs8 = await readKey(password, await shutKey(form, spki));
	if (!await fits(pkcs8, spki))
		throw wrong("otherkey");
	const { name } = form.dataset;
	const file = await writePkcs12({ password, pkcs8, certs, name });
	pkcs8.fill(0);
	download(fileName(name, "p12"), "application/x-pkcs12", file);
	form.querySelector("[data-forget]").hidden = false;
	say(form, word("saved"), "good");
}

async function start(form) {
	const certs = fromPem("CERTIFICATE",
	    document.getElementById("certificate").textContent);
	const spki = spkiFrom(certs[0]);
	const here = await kept(spki) !== null;
	form.querySelector("[data-here]").hidden = !here;
	form.querySelector("[data-elsewhere]").open = !here;
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		busy(form, () => collect(form, certs));
	});
	form.querySelector("[data-forget]").addEventListener("click", async () => {
		await forget(spki);
		say(form, word("forgotten"));
	});
}

for (const form of document.querySelectorAll("form[data-collect]"))
	start(form);
