// SPDX-License-Identifier: Apache-2.0
// See 33-plain.t.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { as, done, has, is, launch, ok, open, run, shot, srcdir, tmp,
    tooWide } from "./browser.mjs";

const [, , rad, radCert] = process.argv;
const file = (name) => join(tmp, name);
const read = (name) => readFileSync(file(name), "utf8").trim();
const openssl = (...args) => run("openssl", args);
const t = JSON.parse(readFileSync(join(srcdir, "ra/texts/sv.json"), "utf8"));
const plain = { javaScriptEnabled: false, locale: "sv-SE", hasTouch: true,
    viewport: { width: 390, height: 844 }, acceptDownloads: true };
const browser = await launch();
const page = await open(browser, plain);
const button = (name) => page.getByRole("button", { name, exact: true }).click();
const link = (name, on = page) => on.getByRole("main").getByRole("link",
    { name, exact: true }).first().click();

async function fits(name, on = page) {
	is(`${name}: nothing is wider than the telephone`, await tooWide(on), 0);
	await shot(on, `plain ${name}`);
}

async function told(what, ...keys) {
	const said = await page.textContent("[data-errors]");
	for (const key of keys)
		has(`${what}: ${key} is told`, said, t[key].split("{")[0]);
	page.complaints.length = 0;	// Chromium names the status
}

// ---- mistakes ----
await page.goto(rad);
is("the page is in Swedish", await page.getAttribute("html", "lang"), "sv");
await fits("home");
await page.getByRole("link", { name: t["home.code"] }).click();
ok("what needs scripts is not shown", await page.getByLabel(
    t["key.password"]).isHidden());
await fits("code");
await button(t["code.send"]);
await told("an empty form", "said.number_missing", "said.code_missing",
    "said.no_csr");
await fits("code empty");

async function send(holder, code, csr, upload = null) {
	await page.getByLabel(t["code.user"], { exact: true }).fill(holder);
	await page.getByLabel(t["code.code"], { exact: true }).fill(code);
	await page.getByLabel(t["key.csr"], { exact: true }).fill(csr);
	if (upload !== null)
		await page.getByLabel(t["key.csr_file"]).setInputFiles(file(upload));
	await button(t["code.send"]);
}
const good = read("4711.code");
await send("4711", good, "hello");
await told("no request", "said.csr");
await send("4711", good, read("root.pem"));
await told("a certificate instead", "said.not_cert");
await send("4711", good, read("two.key"));
await told("a private key", "said.not_key");
ok("... which is not on the page", !(await page.content()).includes(
    read("two.key").split("\n")[1]));
const der = readFileSync(file("one.der"));
der[der.length - 3] ^= 1;
writeFileSync(file("bad.der"), der);
await send("4711", good, "", "bad.der");
await told("a damaged request in a file", "said.csr_signature");
await send("4711", read("4712.code"), read("two.csr"));
await told("somebody else's code", "said.code");
await send("4713", read("4713.code"), read("two.csr"));
await told("a code that has expired", "said.code");
is("... and what was typed is still there", await page.getByLabel(
    t["code.user"], { exact: true }).inputValue(), "4713");

// ---- a request in a file, another one pasted ----
async function collected() {
	await page.waitForURL(`${rad}/status/*`);
	for (let i = 0; i < 60; i++) {
		if (await page.getByRole("link", { name: t["status.collect"] }).count())
			break;
		await page.waitForTimeout(250);
		await page.reload();
	}
	await fits("status");
	await link(t["status.collect"]);
}
async function saved(name, to) {
	const [download] = await Promise.all([page.waitForEvent("download"),
	    page.getByRole("link", { name, exact: true }).click()]);
	await download.saveAs(file(to));
	return download.suggestedFilename();
}
await send("4711", good, "", "one.der");
await collected();
await fits("collect");
has("how to go on without scripts is said", await page.textContent("main"),
    t["collect.p12_noscript"]);
const code = (await page.locator("#revocation-code").textContent()).trim();
is("PEM is offered", await saved("PEM", "one.pem"), "certificate.pem");
is("DER is offered", await saved("DER", "one.cer"), "certificate.cer");
is("PKCS #7 is offered", await saved("PKCS #7", "one.p7b"), "certificate.p7b");
is("the certificate has the key of the request", openssl("x509", "-in",
    file("one.pem"), "-noout", "-pubkey").out, openssl("req", "-in",
    file("one.csr"), "-noout", "-pubkey").out);
is("the same is in DER", openssl("x509", "-inform", "DER", "-in",
    file("one.cer"), "-noout", "-serial").out, openssl("x509", "-in",
    file("one.pem"), "-noout", "-serial").out);
is("PKCS #7 has it with its issuer", openssl("pkcs7", "-inform", "DER", "-in",
    file("one.p7b"), "-print_certs").out.match(/BEGIN CERTIFICATE/g).length, 2);
is("openssl makes PKCS#12 of it, as the page says", openssl("pkcs12",
    "-export", "-in", file("one.pem"), "-inkey", file("one.key"), "-passout",
    "pass:x", "-out", file("one.p12")).status, 0);
await page.goto(`${rad}/code`);
await send("4711", good, read("two.csr"));
await told("a code that was used", "said.code");
await send("4712", read("4712.code"), read("two.csr"));
await collected();
await saved("PEM", "two.pem");
await page.goto(`${rad}/renew`);
has("renewing says that it needs scripts", await page.locator(
    "noscript p:visible").textContent(), t["renew.noscript"]);

// ---- revoking by code ----
await page.goto(`${rad}/revoke`);
await fits("revoke");
for (const [typed, key] of [["hello!", "said.revocation"],
    [code.replace(/[0-9A-Z]{4}$/, (s) => s === "0000" ? "1111" : "0000"),
        "said.revocation_wrong"]]) {
	await page.getByLabel(t["revoke.code"]).fill(typed);
	await button(t["revoke.next"]);
	await told(`"${key}"`, key);
}
await page.getByLabel(t["revoke.code"]).fill(code.toLowerCase());
await button(t["revoke.next"]);
await page.getByText(t["revoke.final"]).waitFor();
await fits("revoke sure");
await button(t["revoke.button"]);
await page.getByRole("heading", { name: t["revoke_done.title"] }).waitFor();
is("no error on the console", page.complaints.join("\n"), "");

// ---- revoking by certificate ----
const own = await open(browser, { ...plain, ...as("two", radCert) });
await own.goto(`${radCert}/my`);
await fits("my", own);
await link(t["my.revoke"], own);
await own.getByText(t["revoke.final"]).waitFor();
has("what is to be revoked is shown", await own.textContent("main"),
    "h4712@example.org");
await fits("revoke by certificate", own);
await own.getByLabel(t["reason.superseded"]).check();
await own.getByRole("button", { name: t["revoke.button"] }).click();
await own.getByRole("heading", { name: t["revoke_done.title"] }).waitFor();
is("no error on the console of its holder", own.complaints.join("\n"), "");
for (let i = 0; i < 60; i++) {
	await own.goto(`${radCert}/my`);
	if ((await own.textContent("main")).includes(t["said.client_revoked"]))
		break;
	await own.waitForTimeout(250);
}
has("it opens nothing any more", await own.textContent("main"),
    t["said.client_revoked"]);
await fits("revoked", own);
await browser.close();
done();
