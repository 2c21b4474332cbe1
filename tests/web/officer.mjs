// SPDX-License-Identifier: Apache-2.0
// See 40-officer.t.
import { as, done, has, is, judge, launch, mailed, ok, open, run } from
    "./browser.mjs";
import { approve, bound, main, officer, orderOf, press, refused, register, says,
    until } from "./staff.mjs";

const [, , rad, radCert] = process.argv;
const PASSWORD = "correct horse battery";
const browser = await launch();
const officers = {};

// ---- a security key ----
const o1 = officers.o1 = await officer(browser, "o1", radCert);
await judge(o1, "officer today");
await o1.goto(`${radCert}/officer/queue`);
is("without a security key nothing is shown of anybody",
    await o1.getByRole("main").getByRole("link").count(), 0);
const device = await register(o1, radCert);
await judge(o1, "officer key registered");
has("what two security officers have to sign is shown", await main(o1),
    "signet order approve");
await bound(o1, radCert, orderOf(o1));
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
await o1.getByLabel("Office").selectOption("south");
await o1.locator("#f-why").fill("she works there");
await press(o1, "Send it there");
await o1.waitForURL(/\/officer\/queue$/);
has("an application is sent to another office", await o1.textContent("body"),
    "Sent to the other office.");
await alice.reload();
has("... for the applicant nothing changes", await main(alice), "waits for an officer");
await o1.getByLabel("Office").selectOption("north");
await press(o1, "Filter");
ok("... who was asked first has it no more", !(await main(o1)).includes("alice"));
await o1.getByLabel("Office").selectOption("south");
await press(o1, "Filter");
await o1.getByRole("main").getByRole("link", { name: /alice|Mail/i }).first().click();
await o1.waitForURL(/\/officer\/application\//);
has("... the other one sees why", await main(o1),
    "Sent here from north, by o1: she works there");
await judge(o1, "officer application moved");
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
await approve(o1, /\/officer\/order\/[0-9a-f]{32}$/);
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
const o2 = officers.o2 = await officer(browser, "o2", radCert);
await o2.goto(`${radCert}/officer/credentials/new`);
await judge(o2, "officer key form");
const other = await register(o2, radCert, async () => {
	await o2.getByText("Only for certain kinds").click();
	await o2.getByRole("checkbox", { name: "domain-gateway" }).check();
	await o2.getByLabel("Only names in these domains").fill("example_org");
	await press(o2, "Touch the key");
	await o2.locator("[data-errors]").waitFor();
	await refused(o2, "what is no domain is told", "This is not a domain");
	await judge(o2, "officer key form wrong");
	ok("... and what was chosen is kept", await o2.getByRole("checkbox",
	    { name: "domain-gateway" }).isChecked());
	await o2.getByLabel("Only names in these domains").fill("example.org");
	await o2.getByRole("checkbox", { name: "south" }).check();
});
const bind = orderOf(o2);
has("the order has what the key is for", (await o2.textContent("pre"))
    .replace(/ +/g, " "), "profiles: domain-gateway\n domains: example.org\n" +
    " offices: south");
await judge(o2, "officer key limited");
await o1.goto(`${radCert}/officer/queue`);
await o1.getByRole("link", { name: /gate/i }).first().click();
const gate = orderOf(o1);
await o2.goto(`${radCert}/officer/order/${gate}`);
await refused(o2, "a key that nobody has bound opens nothing",
    "security key");
await o1.getByRole("link", { name: "Look at it and sign" }).click();
await approve(o1, new RegExp(`/officer/order/${gate}$`));
has("one of two officers is not enough", await main(o1), "waits for approval");
await bound(o2, radCert, bind);

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
await approve(o2, new RegExp(`/officer/order/${gate}$`));
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
	await approve(o1, new RegExp(`/officer/order/${evil}$`));
}
await until(o1, `${radCert}/officer/order/${evil}`, "nobody knows this host");
await judge(o1, "officer rejected");

// ---- search, hold, release, revoke ----
await o1.goto(`${radCert}/officer/certs`);
await o1.getByLabel("Name, address, holder or serial number").fill("alice@example.org");
await press(o1, "Search");
await o1.waitForURL(/\/officer\/certs\?/);
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
	await approve(o1, cert);
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
has("... and where an application was sent", await main(o1),
    "from north, to south, reason she works there");
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
