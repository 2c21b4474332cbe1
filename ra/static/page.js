// SPDX-License-Identifier: Apache-2.0
// What makes any page a little easier; each works without it.  And what the
// scripts of single pages share: words, messages, downloads.

// Words of the page's language, out of <ul id="words">.
export function word(key) {
	const found = document.querySelector(`#words [data-word="${key}"]`);
	return found === null ? key : found.textContent;
}

// Says it in the box of that form, and to who listens to the page.
export function say(form, text, kind = "") {
	const box = form.querySelector("[data-say]");
	box.className = `notice ${kind}`;
	box.textContent = text;
	box.hidden = text === "";
}

// While it works the form's buttons wait.  What is thrown is said: a text by
// its word, "password" as "error-password".
export async function busy(form, work) {
	const buttons = form.querySelectorAll("button");
	buttons.forEach((b) => { b.disabled = true; });
	try {
		await work();
	} catch (e) {
		const known = word(`error-${e.code}`);
		say(form, known === `error-${e.code}` ? `${word("error")} ${e.message}` :
		    known, "bad");
	}
	buttons.forEach((b) => { b.disabled = false; });
}

export function download(name, type, bytes) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([bytes], { type }));
	link.download = name;
	document.body.append(link);
	link.click();
	link.remove();
	setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// A name that every file system takes.
export function fileName(name, ending) {
	const plain = name.normalize("NFKD").replace(/\p{M}/gu, "")
	    .replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 60);
	return `${plain || "certificate"}.${ending}`;
}

export async function bytesOf(input) {
	return new Uint8Array(await input.files[0].arrayBuffer());
}

// POST of form fields; the answer's JSON, or what it says is wrong, thrown:
// "refused" if asking again would be answered likewise.
export async function post(address, fields) {
	const answer = await fetch(address, { method: "POST",
	    body: new URLSearchParams(fields) });
	const { ok, status } = answer;
	const json = await answer.json().catch((e) => {
		if (ok)
			throw e;
		return {};
	});
	if (!ok)
		throw Object.assign(new Error(json.error ?? `${status}`),
		    { refused: status >= 400 && status < 500 && status !== 429 });
	return json;
}

function copyButtons() {
	for (const button of document.querySelectorAll("[data-copy]")) {
		button.hidden = false;
		button.addEventListener("click", async () => {
			const from = document.getElementById(button.dataset.copy);
			await navigator.clipboard.writeText(from.textContent.trim());
			button.textContent = word("copied");
		});
	}
}

// A file that is chosen goes into the text field it belongs to, if it is text;
// as it is it is sent in any case.
function fileFields() {
	for (const input of document.querySelectorAll("input[data-into]"))
		input.addEventListener("change", async () => {
			const area = document.getElementById(input.dataset.into);
			const text = await input.files[0]?.text() ?? "";
			area.value = text.includes("-----BEGIN") ? text : "";
		});
}

function printButtons() {
	for (const button of document.querySelectorAll("[data-print]")) {
		button.hidden = false;
		button.addEventListener("click", () => globalThis.print());
	}
}

// Where something may still come, look every few seconds, and show the page
// anew when its state is another: nothing moves under the reader otherwise.
function lookAgain() {
	const [state, again] = ["[data-state]", "[data-again]"].map((s) =>
	    document.querySelector(s));
	if (again === null)
		return;
	const timer = setInterval(async () => {
		const answer = await fetch(location.href).catch(() => null);
		if (!answer?.ok)
			return;
		const page = new DOMParser().parseFromString(await answer.text(),
		    "text/html");
		if (page.querySelector("[data-state]")?.textContent ===
		    state.textContent)
			return;
		clearInterval(timer);
		location.reload();
	}, again.dataset.again * 1000);
}

// The first thing that is wrong is where the reader is taken.
function firstError() {
	document.querySelector("[data-errors]")?.focus();
}

for (const what of document.querySelectorAll("[data-script]"))
	what.hidden = false;
copyButtons();
fileFields();
printButtons();
lookAgain();
firstError();
