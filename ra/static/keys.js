// SPDX-License-Identifier: Apache-2.0
// Makes the key where a form wants a request: its private half is encrypted
// with the password at once, offered as a file, kept by this browser for the
// day of collecting, and never sent.
import { generate, pkcs8Of, request, spkiOf } from "./csr.js";
import { keep } from "./keep.js";
import { toPem } from "./encoding.js";
import { busy, download, fileName, say, word } from "./page.js";
import { writeKey } from "./pkcs12.js";

const LEAST = 10;

function passwordOf(form) {
	const [first, second] = form.querySelectorAll("[data-password]");
	if (first.value.length < LEAST)
		throw Object.assign(new Error(), { code: "short" });
	if (first.value !== second.value)
		throw Object.assign(new Error(), { code: "differ" });
	return first.value;
}

// For the file and in the request, for those who look at them.
function nameOf(form) {
	const input = form.elements["field.name"] ?? form.elements.user;
	return input?.value.trim() ?? "";
}

async function make(form) {
	const password = passwordOf(form);
	const kind = form.querySelector("[data-kind]").value;
	const name = nameOf(form);
	say(form, word("making"));
	const pair = await generate(kind);
	const pkcs8 = await pkcs8Of(pair.privateKey);
	const shut = await writeKey(password, pkcs8);
	pkcs8.fill(0);
	await keep(await spkiOf(pair.publicKey), shut);
	download(fileName(name || "my", "key.pem"), "application/x-pem-file",
	    toPem("ENCRYPTED PRIVATE KEY", shut));
	form.querySelector("[data-request]").value =
	    toPem("CERTIFICATE REQUEST", await request(pair, kind, name));
	say(form, word("made"), "good");
}

// A password that nobody guesses: 16 of 31 signs that do not look alike.
function suggest(form) {
	const signs = "abcdefghijkmnpqrstuvwxyz23456789".slice(0, 31);
	let text = "";
	while (text.replaceAll("-", "").length < 16) {
		const [byte] = crypto.getRandomValues(new Uint8Array(1));
		if (byte >= 31 * 8)
			continue;
		text += (text.length % 5 === 4 ? "-" : "") + signs[byte % 31];
	}
	for (const input of form.querySelectorAll("[data-password]")) {
		input.value = text;
		input.type = "text";
	}
}

// Whoever brings a request of their own leaves the key alone.
function start(form) {
	const own = form.querySelector("[data-own]");
	const made = form.querySelector("[data-make]");
	const area = form.querySelector("[data-request]");
	const had = area.value.trim() !== "";
	own.open = document.querySelector('[data-errors] [href="#f-csr"]') !== null;
	made.hidden = had;
	form.querySelector("[data-have]").hidden = !had || own.open;
	form.querySelector("[data-suggest]").addEventListener("click",
	    () => suggest(form));
	form.addEventListener("submit", (event) => {
		if (area.value.trim() !== "" || own.open)
			return;
		event.preventDefault();
		busy(form, async () => {
			await make(form);
			form.submit();
		});
	});
}

for (const form of document.querySelectorAll("form[data-keys]"))
	start(form);
