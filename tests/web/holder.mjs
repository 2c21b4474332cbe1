// SPDX-License-Identifier: Apache-2.0
// See 31-holder.t.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { as, done, has, is, judge, launch, ok, open, run, tmp } from "./browser.mjs";

const [, , rad, radCert] = process.argv;
const PASSWORD = "correct horse battery";
const file = (name) => join(tmp, name);
const openssl = (...args) => run("openssl", args);
const code = readFileSync(file("code"), "utf8").trim();
const browser = await launch();
const page = await open(browser, { acceptDownloads: true });
const press = (name) => page.getByRole("button", { name }).click();

async function saved(work, name) {
	const [download] = await Promise.all([page.waitForEvent("download"), work()]);
	await download.saveAs(file(name));
}

// A refused page is one that Chromium names on its console, too.
async function refusal(what, status, text) {
	page.complaints = page.complaints.filter((c) => !c.includes(`${status}`));
	has(`${what}: says so`, await page.textContent("main"), text);
}

// The page looks again by itself until the certificate is there.
const issued = () => page.getByRole("link", {
    name: "Collect the certificate" }).click();

// ---- one-time code ----
await page.goto(`${rad}/code`);
await judge(page, "code");
await page.getByLabel("Number").fill("4711");
await page.getByLabel("One-time code").fill("00000-00000-00000-00000");
await page.getByLabel("Password for the key").fill(PASSWORD);
await page.getByLabel("The same again").fill(PASSWORD);
await page.getByLabel("Kind of key").selectOption("P-256");
await saved(() => press("Make the certificate"), "key.pem");
await page.locator("[data-errors]").waitFor();
await refusal("a wrong code", 403, "code");
is("... and the focus is on what is wrong", await page.evaluate(
    () => document.activeElement.hasAttribute("data-errors")), true);
ok("... and the key need not be made again", await page.getByText(
    "You need not make it again").isVisible());
await judge(page, "code refused");
await page.getByLabel("One-time code").fill(code);
await press("Make the certificate");
await page.waitForURL(`${rad}/status/*`);
await judge(page, "status of an order");
await issued();

// ---- collecting ----
const collect = page.url();
const revocation = (await page.locator("#revocation-code").textContent()).trim();
ok("a revocation code is shown", /^[0-9A-Z-]{12,}$/.test(revocation));
await judge(page, "collect");
await page.getByLabel("Password of the key").fill(PASSWORD);
await saved(() => press("Save the file"), "alice.p12");
const opened = openssl("pkcs12", "-in", file("alice.p12"), "-passin",
    `file:${file("pass")}`, "-nodes");
writeFileSync(file("alice.pem"), opened.out);
writeFileSync(file("alice.key"), openssl("pkey", "-in", file("alice.pem")).out);
is("what was saved leads to the root", openssl("verify", "-CAfile",
    file("root.pem"), "-untrusted", file("alice.pem"), file("alice.pem")).status, 0);
has("... and is hers", openssl("x509", "-in", file("alice.pem"), "-noout",
    "-email").out, "alice@example.org");
await page.goto(collect);
is("the revocation code is shown once",
    await page.locator("#revocation-code").count(), 0);
for (const [form, ...reads] of [["pem", "x509"], ["der", "x509", "-inform", "DER"],
    ["p7", "pkcs7", "-inform", "DER", "-print_certs"]]) {
	const answer = await page.request.get(`${collect}/${form}`);
	writeFileSync(file(form), await answer.body());
	is(`openssl reads the ${form}`, openssl(...reads, "-noout", "-in",
	    file(form)).status, 0);
}
await page.goto(`${rad}/status/${"A".repeat(32)}`);
await refusal("a link that leads nowhere", 404, "There is nothing here");

// ---- a code works once ----
await page.goto(`${rad}/code`);
await page.getByLabel("Number").fill("4711");
await page.getByLabel("One-time code").fill(code);
await page.getByText("I have a request of my own").click();
openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
    "-nodes", "-keyout", file("x.key"), "-subj", "/CN=x", "-out", file("x.csr"));
await page.getByLabel("Certificate request").fill(readFileSync(file("x.csr"), "utf8"));
await press("Make the certificate");
await page.locator("[data-errors]").waitFor();
await refusal("a code that was used", 403, "code");

// ---- search, CA certificates ----
await page.goto(`${rad}/search`);
await judge(page, "search");
await page.getByLabel("Mail address").fill("nobody@example.org");
await page.keyboard.press("Enter");
await page.getByText("There is no published certificate").waitFor();
await page.getByLabel("Mail address").fill("Alice@example.org");
await press("Search");
await page.getByRole("link", { name: "PEM" }).first().waitFor();
await judge(page, "search found");
const found = await page.request.get(new URL(await page.getByRole("link",
    { name: "PEM" }).first().getAttribute("href"), rad).href);
has("what is found is a certificate", await found.text(), "BEGIN CERTIFICATE");
await page.goto(`${rad}/ca`);
await judge(page, "ca");
const print = openssl("x509", "-in", file("root.pem"), "-noout", "-fingerprint",
    "-sha256").out.split("=")[1].trim();
has("the root's fingerprint is shown", await page.textContent("main"), print);

// ---- own certificates ----
const own = await open(browser, as("alice", radCert));
await own.goto(`${radCert}/my`);
has("who shows the certificate sees it", await own.textContent("main"),
    "shown now");
await judge(own, "my");
await own.getByRole("main").getByRole("link", { name: "Revoke" }).click();
await own.getByText("This cannot be undone").waitFor();
await judge(own, "revoke by certificate");
const nobody = await open(browser);
const refused = await nobody.goto(`${radCert}/my`).then((r) => r.status(), () => 0);
ok("without a certificate there is nothing to see", refused === 0 || refused >= 400,
    refused);

// ---- renewal ----
await page.goto(`${rad}/renew`);
await judge(page, "renew");
await page.getByLabel("File with the old certificate").setInputFiles(file("alice.p12"));
await page.getByLabel("Password of the file").fill("wrong password");
await press("Renew");
await page.getByText("The password does not open it").first().waitFor();
await page.getByLabel("Password of the file").fill(PASSWORD);
await page.getByLabel("Kind of key").selectOption("P-256");
// The answer is lost on the way; then the question.
let lost = 0;
await page.route("**/renew/finish", async (route) => {
	lost++;
	if (lost === 1)
		await route.fetch();
	return lost < 3 ? route.abort() : route.continue();
});
await saved(() => press("Renew"), "new.pem");
await page.getByText("It did not work").first().waitFor();
await press("Renew");
await page.waitForFunction(() => document.querySelector("[data-say]").textContent
    .includes("It did not work"));
is("who has had no answer asks again", lost, 2);
page.complaints = page.complaints.filter((c) => !c.includes("ERR_FAILED"));
await judge(page, "renew without an answer");
await page.reload();
await page.waitForURL(`${rad}/status/*`);
is("... and is told when the page is loaded anew", lost, 3);
is("... which forgets what was signed", await page.evaluate(
    () => sessionStorage.length), 0);
await page.unroute("**/renew/finish");
await issued();
await page.getByText("This browser has kept the encrypted key").waitFor();
await page.getByLabel("Password of the key").fill(PASSWORD);
await saved(() => press("Save the file"), "renewed.p12");
ok("the renewed certificate has another key", openssl("pkcs12", "-in",
    file("renewed.p12"), "-passin", `file:${file("pass")}`, "-nodes", "-nocerts")
    .out !== openssl("pkcs12", "-in", file("alice.p12"), "-passin",
    `file:${file("pass")}`, "-nodes", "-nocerts").out);

// ---- revocation ----
await page.goto(`${rad}/revoke`);
await judge(page, "revoke");
await page.getByLabel("Revocation code").fill("AAAAAAAA-BBBB");
await press("Next");
await page.locator("[data-errors]").waitFor();
await refusal("a code that is none", 400, "code");
await page.getByLabel("Revocation code").fill(revocation);
await press("Next");
await page.getByText("This cannot be undone").waitFor();
await judge(page, "revoke by code");
await press("Revoke for good");
await page.getByRole("heading", { name: "Thank you" }).waitFor();
await judge(page, "revoke done");
for (let i = 0; i < 40; i++) {
	await own.goto(`${radCert}/my`);
	if ((await own.textContent("main")).match(/revoked|not for you/i))
		break;
	await own.waitForTimeout(250);
}
ok("the certificate opens nothing any more, or is shown as revoked",
    /revoked|not for you/i.test(await own.textContent("main")));
await browser.close();
done();
