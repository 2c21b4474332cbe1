// SPDX-License-Identifier: Apache-2.0
// See 22-scripts.t.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { authenticator, done, has, is, launch, ok, open, run,
    tmp } from "./browser.mjs";
import { serve } from "./static.mjs";

const PASSWORD = "correct horse battery";
const file = (name) => join(tmp, name);
const sample = (name) => readFileSync(file(`pages/en-${name}`), "utf8");
const openssl = (...args) => run("openssl", args);
writeFileSync(file("pass"), PASSWORD);

const sent = [];
const pages = {
	"/enrol": sample("enrol_form.html"),
	"/renew": sample("renew.html"),
	"/sign": sample("order_sign.html"),
	"/register": sample("credential_new.html"),
	"/ca": sample("ca.html"),
	"POST /renew/prepare": { token: "t1",
	    bytes: Buffer.from("signed attributes").toString("base64") },
	"POST /renew/finish": { location: "/ca" },
};
const base = await serve(pages, sent);
const browser = await launch();
const page = await open(browser, { acceptDownloads: true });
const said = () => page.locator("[data-say]:visible").textContent();
const press = (name) => page.getByRole("button", { name }).click();

async function saved(work, name) {
	const [download] = await Promise.all([page.waitForEvent("download"), work()]);
	await download.saveAs(file(name));
	return download.suggestedFilename();
}

async function fails(what, work, text) {
	const before = sent.length;
	await work();
	await page.waitForFunction((t) => [...document.querySelectorAll("[data-say]")]
	    .some((e) => e.textContent.includes(t)), text).catch(() => {});
	has(`${what}: says so`, await said().catch((e) => e), text);
	is(`${what}: nothing is sent`, sent.length, before);
}

// Enrolling with a key that is made here.
await page.goto(`${base}/enrol`);
await fails("a short password", async () => {
	await page.getByLabel("Password for the key").fill("short");
	await press("Send the request");
}, "at least 10 characters");
await fails("two passwords", async () => {
	await page.getByLabel("Password for the key").fill(PASSWORD);
	await page.getByLabel("The same again").fill(`${PASSWORD}.`);
	await press("Send the request");
}, "not the same");
await page.getByLabel("The same again").fill(PASSWORD);
await page.getByLabel("Kind of key").selectOption("P-256");
await page.getByLabel("Full name").fill("Åsa Öberg");
is("the key is offered for saving", await saved(
    () => press("Send the request"), "key.pem"), "Asa-Oberg.key.pem");
await page.waitForURL(`${base}/enrol/mail-dual`);
const form = sent.at(-1).fields;
is("the form is sent with the request and nothing of the key",
    Object.keys(form).sort().join(" "),
    "csr csrf field.mail field.name field.surname field.title mail note office");
writeFileSync(file("csr"), form.csr);
has("the request is good", openssl("req", "-in", file("csr"), "-verify",
    "-noout").all.toLowerCase(), "verify ok");
is("the saved key is its key", openssl("pkey", "-in", file("key.pem"),
    "-passin", `file:${file("pass")}`, "-pubout").out,
    openssl("req", "-in", file("csr"), "-pubkey", "-noout").out);
has("it is encrypted", readFileSync(file("key.pem"), "utf8"),
    "BEGIN ENCRYPTED PRIVATE KEY");

await page.goto(`${base}/enrol`);
await press("Suggest a strong password");
const suggested = await page.getByLabel("Password for the key").inputValue();
ok("a suggested password is long and stands in both fields",
    /^([a-z2-9]{4}-){3}[a-z2-9]{4}$/.test(suggested) &&
    suggested === await page.getByLabel("The same again").inputValue(),
    suggested);

// With a request of one's own.
await page.goto(`${base}/enrol`);
await page.getByText("I have a request of my own").click();
await page.getByLabel("... or from a file").setInputFiles(file("csr"));
await page.waitForFunction(() => document.querySelector("[name=csr]").value !== "");
await press("Send the request");
await page.waitForURL(`${base}/enrol/mail-dual`);
is("a request out of a file is sent as it is", sent.at(-1).fields.csr.trim(),
    form.csr.trim());

// Collecting: the certificate of that request.
openssl("x509", "-req", "-in", file("csr"), "-CA", file("ca.pem"), "-CAkey",
    file("ca.key"), "-days", "9", "-out", file("cert.pem"));
pages["/collect"] = sample("collect.html").replace("@PEM@",
    readFileSync(file("cert.pem"), "utf8") + readFileSync(file("ca.pem"), "utf8"));
await page.goto(`${base}/collect`);
await page.getByText("This browser has kept the encrypted key").waitFor();
await fails("another password", async () => {
	await page.getByLabel("Password of the key").fill("another one");
	await press("Save the file");
}, "The password does not open it");
await page.getByLabel("Password of the key").fill(PASSWORD);
is("key and certificate are one file", await saved(
    () => press("Save the file"), "alice.p12"), "Alice-Holm.p12");
const opened = openssl("pkcs12", "-in", file("alice.p12"), "-passin",
    `file:${file("pass")}`, "-nodes");
is("openssl finds certificate and issuer in it",
    opened.out.match(/BEGIN CERTIFICATE/g)?.length, 2);
has("... and the key", opened.out, "BEGIN PRIVATE KEY");
await press("Remove the key from this browser");
has("it can be forgotten", await said(), "no longer in this browser");
is("nothing is left of it", await page.evaluate(() => localStorage.length), 0);
await fails("a browser without the key", () => press("Save the file"),
    "does not have the key");
await page.goto(`${base}/collect`);
openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
    "-aes-256-cbc", "-pass", `file:${file("pass")}`, "-out", file("other.pem"));
await page.getByLabel("Password of the key").fill(PASSWORD);
await fails("somebody else's key", async () => {
	await page.getByLabel("Key file").setInputFiles(file("other.pem"));
	await press("Save the file");
}, "belongs to another certificate");
await fails("a file without a key", async () => {
	await page.getByLabel("Key file").setInputFiles(file("ca.pem"));
	await press("Save the file");
}, "not of the right kind");
await page.getByLabel("Key file").setInputFiles(file("key.pem"));
is("the saved key does on another machine", await saved(
    () => press("Save the file"), "again.p12"), "Alice-Holm.p12");

// Renewing with the old file.
await page.goto(`${base}/renew`);
await fails("no file", () => press("Renew"), "Choose the file first");
await fails("a file with an old cipher", async () => {
	await page.getByLabel("File with the old certificate")
	    .setInputFiles(file("legacy.p12"));
	await page.getByLabel("Password of the file").fill("x");
	await press("Renew");
}, "old cipher");
await page.getByLabel("File with the old certificate")
    .setInputFiles(file("alice.p12"));
await fails("a wrong password", () => press("Renew"), "does not open it");
await page.getByLabel("Password of the file").fill(PASSWORD);
await page.getByLabel("Kind of key").selectOption("P-256");
await saved(() => press("Renew"), "new.pem");
await page.waitForURL(`${base}/ca`);
const [prepared, finished] = sent.slice(-2);
is("the old certificate is sent", prepared.fields.certificate.trim(),
    readFileSync(file("cert.pem"), "utf8").trim());
writeFileSync(file("new.csr"), prepared.fields.csr);
is("... with a request for the new key that was saved",
    openssl("req", "-in", file("new.csr"), "-pubkey", "-noout").out,
    openssl("pkey", "-in", file("new.pem"), "-passin", `file:${file("pass")}`,
        "-pubout").out);
writeFileSync(file("bytes"), "signed attributes");
writeFileSync(file("sig"), Buffer.from(finished.fields.signature, "base64"));
writeFileSync(file("pub"), openssl("x509", "-in", file("cert.pem"), "-pubkey",
    "-noout").out);
has("... and the old key signs what the server gave", openssl("dgst", "-sha256",
    "-verify", file("pub"), "-signature", file("sig"), file("bytes")).out,
    "Verified OK");

// A security key: registered, then approving.
const device = await authenticator(page);
await page.goto(`${base}/register`);
await press("Touch the key");
await page.waitForURL(`${base}/officer/credentials/new`);
const credential = sent.at(-1).fields;
is("registering sends the public key", Object.keys(credential).sort().join(" "),
    "algorithm authenticator_data client_data credential csrf domains office " +
    "profile public_key until");
is("... an ES256 one", credential.algorithm, "-7");
const [challenge] = pages["/sign"].match(/(?<=data-challenge=")[^"]+/);
pages["/sign"] = pages["/sign"].replace(/data-credentials="[^"]*"/,
    `data-credentials="${credential.credential}"`);
await page.goto(`${base}/sign`);
await device.verified(false);
await fails("a device that does not know its user",
    () => press("Approve with the security key"), "did not sign");
await device.verified(true);
await press("Approve with the security key");
await page.waitForURL(/\/officer\/order\/[0-9a-f]+\/sign$/);
const approval = sent.at(-1).fields;
const bytes = (text) => Buffer.from(text, "base64url");
const client = JSON.parse(bytes(approval.client_data));
is("the challenge is the digest of the order", client.challenge, challenge);
is("... asked for by this page", `${client.type} ${client.origin}`,
    `webauthn.get ${base}`);
writeFileSync(file("pub.der"), bytes(credential.public_key));
writeFileSync(file("sig"), bytes(approval.signature));
writeFileSync(file("bytes"), Buffer.concat([bytes(approval.authenticator_data),
    createHash("sha256").update(bytes(approval.client_data)).digest()]));
has("the assertion verifies", openssl("dgst", "-sha256", "-verify",
    file("pub.der"), "-keyform", "DER", "-signature", file("sig"),
    file("bytes")).out, "Verified OK");
is("the user was there and was verified (UP, UV)",
    bytes(approval.authenticator_data)[32] & 5, 5);
await page.goto(`${base}/sign`);
await device.remove();
await authenticator(page);
await fails("a device that does not know the key",
    () => press("Approve with the security key"), "did not sign");

// Without a mouse.
await page.goto(`${base}/enrol`);
const focused = () => page.evaluate(() => document.activeElement.textContent.trim() ||
    document.activeElement.name);
await page.keyboard.press("Tab");
is("the first key leads past the menu", await focused(), "Skip to the content");
await page.keyboard.press("Enter");
await page.keyboard.press("Tab");
is("... to the first field", await focused(), "field.name");
const walked = [];
for (let i = 0; i < 30 && walked.at(-1) !== "Send the request"; i++) {
	walked.push(await focused());
	await page.keyboard.press("Tab");
}
ok("... and every field on to the button", ["field.surname", "field.mail", "mail",
    "note", "Suggest a strong password", "I have a request of my own (CSR)",
    "Send the request"].every((n) => walked.includes(n)), walked.join(", "));
is("nothing of all this is an error on the console",
    page.complaints.join("\n"), "");
await browser.close();
done();
