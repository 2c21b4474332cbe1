// SPDX-License-Identifier: Apache-2.0
// See 40-officer.t.
import { join } from "node:path";
import { as, authenticator, done, has, is, judge, launch, mailed, ok, open, run,
    tmp } from "./browser.mjs";

const [, , rad, radCert] = process.argv;
const PASSWORD = "correct horse battery";
const browser = await launch();
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
const main = (page) => page.textContent("main");

// Until the page says so.
async function until(page, address, text, where = "main") {
	for (let i = 0; i < 80; i++) {
		await page.goto(address);
		if ((await page.locator(where).allTextContents()).join(" ").includes(text))
			return;
		await page.waitForTimeout(250);
	}
	ok(`${address} comes to say "${text}"`, false, await main(page));
}

// What is wrong with a page that was refused; Chromium names its status, too.
async function refused(page, what, text) {
	has(what, await main(page), text);
	page.complaints.length = 0;
}

async function says(page, what, text) {
	await page.locator("[data-say]", { hasText: text }).waitFor();
	has(what, await page.textContent("[data-say]"), text);
}

const officers = {};
async function officer(who) {
	const page = await open(browser, as(who, radCert));
	await page.goto(`${radCert}/officer`);
	officers[who] = page;
	return page;
}

// Registers a security key, which two security officers bind.
async function register(page) {
	const device = await authenticator(page);
	await page.goto(`${radCert}/officer/credentials`);
	await page.getByRole("link", { name: "Register a security key" }).click();
	await press(page, "Touch the key");
	await page.waitForURL(/\/officer\/credentials\/new\/[0-9a-f]{32}$/);
	return device;
}
const orderOf = (page) => page.url().match(/[0-9a-f]{32}/)[0];

// ---- a security key ----
const o1 = await officer("o1");
await judge(o1, "officer today");
await o1.goto(`${radCert}/officer/queue`);
is("without a security key nothing is shown of anybody",
    await o1.getByRole("main").getByRole("link").count(), 0);
const device = await register(o1);
await judge(o1, "officer key registered");
has("what two security officers have to sign is shown", await main(o1),
    "signet order approve");
const both = run("sh", [join(tmp, "both.sh"), orderOf(o1)]);
is("both security officers sign on their own machines", both.status, 0);
await until(o1, `${radCert}/officer/credentials`, "bound", ".tag");
await judge(o1, "officer keys");

// ---- somebody applies ----
const alice = await open(browser, { acceptDownloads: true });
await alice.goto(`${rad}/enrol/mail-dual`);
for (const [label, value] of [["Country", "SE"], ["Organisation", "Example AB"],
    ["Number of the organisation", "NTRSE-556677-8899"], ["Surname", "Holm"],
    ["Given name", "Alice"], ["Full name", "Alice Holm"],
    ["Where we can reach you by mail", "alice@example.org"],
    ["Password for the key", PASSWORD], ["The same again", PASSWORD]])
	await alice.getByLabel(label, { exact: true }).fill(value);
await alice.getByLabel("Kind of key").selectOption("P-256");
await press(alice, "Send the request");
await alice.getByText("We have sent a link").waitFor();
await alice.goto(await mailed("confirm"));
await press(alice, "Yes, this is my request");
await alice.waitForURL(/\/status\//);

// ---- the queue, the application, the order, the signature ----
await o1.goto(`${radCert}/officer/queue`);
await judge(o1, "officer queue");
await o1.getByLabel("What").selectOption("application");
await press(o1, "Filter");
await o1.getByRole("main").getByRole("link", { name: /alice|Mail/i }).first().click();
await o1.waitForURL(/\/officer\/application\//);
has("what was asked for is shown", await main(o1), "NTRSE-556677-8899");
await judge(o1, "officer application");
await o1.getByLabel("Holder number").fill("4711");
await o1.getByLabel("Name", { exact: true }).fill("Alice Holm");
await o1.getByLabel("Evidence of identity").selectOption("passport");
await o1.getByLabel("What you have seen").fill("passport 4711, seen today");
await press(o1, "See the order");
await o1.getByRole("heading", { name: "Sign this order" }).waitFor();
const shown = await o1.textContent("pre");
has("the order is shown as it is signed", shown, "alice@example.org");
has("... with the evidence", shown, "passport 4711, seen today");
await judge(o1, "officer sign");
await device.verified(false);
await press(o1, "Approve with the security key");
await says(o1, "who cancels at the security key approves nothing",
    "Nothing was approved");
await alice.reload();
has("... and the applicant still waits", await main(alice), "waits for an officer");
await device.verified(true);
await press(o1, "Approve with the security key");
await o1.waitForURL(/\/officer\/order\/[0-9a-f]{32}$/);
const order = orderOf(o1);
await alice.getByRole("link", { name: "Collect the certificate" }).click();
await alice.getByText("This browser has kept the encrypted key").waitFor();
has("the applicant has the certificate", await main(alice), "Alice Holm");
await until(o1, `${radCert}/officer/order/${order}`, "signed with a security key");
await judge(o1, "officer order");
const explained = run("signet", ["explain", "order", order]);
ok("signet explain order shows the same order", shown.split("\n").filter((l) =>
    l.trim() !== "").every((l) => explained.out.includes(l.trim())),
    `${shown}\n---\n${explained.all}`);

// ---- two officers ----
const o2 = await officer("o2");
const other = await register(o2);
const bind = orderOf(o2);
await o1.goto(`${radCert}/officer/queue`);
await o1.getByRole("link", { name: /gate/i }).first().click();
const gate = orderOf(o1);
await o2.goto(`${radCert}/officer/order/${gate}`);
await refused(o2, "a key that nobody has bound opens nothing",
    "security key");
await o1.getByRole("link", { name: "Look at it and sign" }).click();
await press(o1, "Approve with the security key");
await o1.waitForURL(new RegExp(`/officer/order/${gate}$`));
has("one of two officers is not enough", await main(o1), "waits for approval");
is("both security officers sign for the other officer", run("sh",
    [join(tmp, "both.sh"), bind]).status, 0);
await until(o2, `${radCert}/officer/credentials`, "bound", ".tag");

// The first officer's key in the second one's hands.
await o2.goto(`${radCert}/officer/order/${gate}/sign`);
const [mine] = await device.credentials();
await other.add({ ...mine, signCount: mine.signCount + 10 });
await o2.evaluate((id) => {
	document.querySelector("[data-approve]").dataset.credentials = id;
}, mine.credentialId.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""));
await press(o2, "Approve with the security key");
await o2.waitForLoadState("networkidle");
await refused(o2, "another officer's security key is refused", "not bound to you");
await o2.goto(`${radCert}/officer/order/${gate}/sign`);
await press(o2, "Approve with the security key");
await o2.waitForURL(new RegExp(`/officer/order/${gate}$`));
await until(o2, `${radCert}/officer/order/${gate}`, "done", ".tag");
ok("two are, and the certificate is there", await o2.getByRole("main").getByRole(
    "link", { name: /example.org|Gate/ }).first().isVisible());

// ---- rejecting ----
await o1.goto(`${radCert}/officer/queue`);
await o1.getByRole("link", { name: /evil/ }).first().click();
const evil = orderOf(o1);
await o1.getByLabel("Reason").fill("nobody knows this host");
await press(o1, "Reject");
await o1.waitForLoadState("load");
if (await o1.locator("[data-approve]").count()) {
	await press(o1, "Approve with the security key");
	await o1.waitForURL(new RegExp(`/officer/order/${evil}$`));
}
await until(o1, `${radCert}/officer/order/${evil}`, "nobody knows this host");
await judge(o1, "officer rejected");

// ---- search, hold, release, revoke ----
await o1.goto(`${radCert}/officer/certs`);
await o1.getByLabel("Name, address, holder or serial number").fill("alice@example.org");
await press(o1, "Search");
await judge(o1, "officer search");
await o1.getByRole("main").getByRole("link", { name: "Alice Holm" }).click();
await o1.waitForURL(/\/officer\/cert\//);
const cert = o1.url();
await judge(o1, "officer certificate");
for (const [button, state] of [["See the hold", "on hold"],
    ["See the release", "valid"], ["See the revocation", "revoked"]]) {
	await o1.goto(cert);
	if (state === "revoked")
		await o1.getByRole("main").getByLabel("Reason").selectOption("superseded");
	await press(o1, button);
	await press(o1, "Approve with the security key");
	await o1.waitForURL(cert);
	for (let i = 0; i < 80 && await o1.locator("h1 + p .tag").textContent() !==
	    state; i++) {
		await o1.waitForTimeout(250);
		await o1.goto(cert);
	}
	is(`by the browser a certificate becomes ${state}`,
	    await o1.locator("h1 + p .tag").textContent(), state);
}

// ---- what is left ----
await o1.goto(`${radCert}/officer/audit`);
has("the audit view shows who revoked", await main(o1), "o1");
await judge(o1, "officer audit");
await o1.goto(`${radCert}/officer`);
ok("the day's chart is drawn", await o1.locator("svg").first().isVisible());
await judge(o1, "officer today later");

// Without scripts the page says what to do.
const plain = await open(browser, { ...as("o1", radCert), javaScriptEnabled: false });
await plain.goto(`${radCert}/officer/credentials/new`);
has("registering says that it needs scripts", await plain.locator(
    "noscript p:visible").textContent(), "needs scripts");

// What is not there, and a form of a session that is over.
await o1.goto(cert.replace(/[^/]+$/, "00"));
await refused(o1, "a certificate that is not there", "There is nothing here");
await o2.goto(`${radCert}/officer/order/${gate}`);
await o2.locator("main a[href^='/officer/cert/']").first().click();
await o2.waitForURL(/\/officer\/cert\//);
await o2.context().clearCookies();
await press(o2, "See the revocation");
await o2.waitForLoadState("load");
await refused(o2, "a form of a session that is over is refused",
    "too old, or not from this site");
for (const [who, page] of Object.entries(officers))
	is(`${who}: no error on the console`, page.complaints.join("\n"), "");
await browser.close();
done();
