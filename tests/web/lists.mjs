// SPDX-License-Identifier: Apache-2.0
// See 41-officer-lists.t.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { done, has, is, judge, launch, ok, open, tmp } from "./browser.mjs";
import { approve, bound, main, officer, orderOf, press, refused, register,
    until } from "./staff.mjs";

const [, , rad, radCert] = process.argv;
const file = (name) => join(tmp, name);
const browser = await launch();
const o1 = await officer(browser, "o1", radCert);
const o2 = await officer(browser, "o2", radCert);
for (const page of [o1, o2]) {
	await register(page, radCert);
	await bound(page, radCert, orderOf(page));
}

const left = Date.now();

// ---- a one-time code ----
await o1.goto(`${radCert}/officer/codes`);
await judge(o1, "officer codes");
await o1.getByRole("link", { name: /^Mail of an address alone, signing only$/ })
    .click();
await judge(o1, "officer code form");
await o1.getByLabel("Holder number").fill("4711");
await o1.getByLabel("Name", { exact: true }).fill("Alice Holm");
await o1.getByLabel(/^Mail address/).fill("not an address");
await o1.getByLabel("What you have seen").fill("identity card 17, today");
await press(o1, "See the order");
await refused(o1, "what cannot be is said before anything is signed",
    "Please check this");
await o1.getByLabel(/^Mail address/).fill("alice@example.org");
is("what was typed is still there", await o1.getByLabel("What you have seen")
    .inputValue(), "identity card 17, today");
await press(o1, "See the order");
has("the order is shown", await o1.textContent("pre"), "alice@example.org");
await press(o1, "Approve with the security key");
await o1.locator("#code").waitFor();
const codeOn = async (page) => (await page.textContent("#code")).trim();
const unseen = await codeOn(o1);
ok("the code is shown, once", /^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/.test(unseen), unseen);
await judge(o1, "officer code");
await o1.reload();
is("... and again when the page is loaded again", await codeOn(o1), unseen);
await o1.goto(`${radCert}/officer/codes`);
await o1.getByRole("link", { name: "4711" }).click();
await judge(o1, "officer order with a code");
await press(o1, "Make another code");
has("another order for the same is shown", await o1.textContent("pre"),
    "alice@example.org");
await press(o1, "Approve with the security key");
await o1.locator("#code").waitFor();
const code = await codeOn(o1);
writeFileSync(file("code"), code);
ok("... and another code", code !== unseen, code);
await judge(o1, "officer code again");
await o1.getByRole("link", { name: "Reject the order before" }).click();
await press(o1, "Approve with the security key");
await o1.waitForURL(/\/officer\/order\/[0-9a-f]{32}$/);
await until(o1, o1.url(), "done", ".tag");
await o1.goto(`${radCert}/officer/codes`);
has("it is in the list", await main(o1), "4711");
ok("... without itself", !(await o1.content()).includes(code));

const alice = await open(browser);
await alice.goto(`${rad}/code`);
await alice.getByLabel("Number").fill("4711");
await alice.getByLabel("One-time code").fill(code);
await alice.getByText("I have a request of my own").click();
await alice.getByLabel("Certificate request").fill(readFileSync(
    file("alice.csr"), "utf8"));
await press(alice, "Make the certificate");
await alice.getByRole("link", { name: "Collect the certificate" }).click();
has("its holder gets the certificate", await main(alice), "alice@example.org");

// ---- a list ----
async function upload(name) {
	await o1.goto(`${radCert}/officer/batches`);
	await o1.locator("select[name=profile]").selectOption("tls-server");
	await o1.getByLabel("List (CSV)").setInputFiles(file(name));
	await press(o1, "Check the list");
}
await o1.goto(`${radCert}/officer/batches`);
await judge(o1, "officer batches");
await upload("wrong.csv");
await o1.locator("[data-errors]").waitFor();
await refused(o1, "every bad line is told at once", "There are mistakes: 3");
for (const line of [4, 5, 6])
	has(`... line ${line}`, await o1.textContent("table"), `line ${line}`);
await judge(o1, "officer batch with mistakes");
is("... and it cannot go on", await o1.getByRole("button", {
    name: "See the order" }).count(), 0);
await upload("hosts.csv");
has("a good list is counted", await main(o1), "Lines without a mistake: 12");
await judge(o1, "officer batch to order");
await press(o1, "See the order");
await o1.waitForURL(/\/sign$/);
const batch = orderOf(o1);
has("all that it names is shown", await o1.textContent("pre"), "host12");
await press(o1, "Approve with the security key");
await o1.waitForURL(/\/officer\/(order|batch)\/[0-9a-f]{32}$/);
await o1.goto(`${radCert}/officer/batch/${batch}`);
has("one of two officers is not enough", await main(o1), "waits for approval");
await judge(o1, "officer batch waits");
// Meanwhile the other officer was away for too long.
await o2.waitForTimeout(Math.max(0, left + 31000 - Date.now()));
await o2.goto(`${radCert}/officer/order/${batch}/sign`);
await refused(o2, "who was away too long is told so", "You were away for a while");
await judge(o2, "officer session over");
await o2.getByRole("link", { name: "Go on" }).click();
await approve(o2, /\/officer\/(order|batch)\/[0-9a-f]{32}$/);
await o1.locator(".tag.done").first().waitFor();
is("the page looks again by itself until all are made", await o1.locator(
    "progress").getAttribute("value"), "12");
await until(o1, `${radCert}/officer/batch/${batch}`, "done", "h1 + p .tag");
await judge(o1, "officer batch done");

for (const [who, page] of Object.entries({ o1, o2, alice }))
	is(`${who}: no error on the console`, page.complaints.join("\n"), "");
await browser.close();
done();
