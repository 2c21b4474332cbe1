// SPDX-License-Identifier: Apache-2.0
// See 41-script.t.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { as, done, is, launch, ok, open, tmp } from "./browser.mjs";

const [, , rad, radCert] = process.argv;
const browser = await launch();

// Chromium names the status of a page that is not there; that is no breach.
const breaches = (page) => page.complaints.filter(
    (c) => !/the server responded with a status of 4/.test(c));

async function look(page, url) {
	page.complaints.length = 0;
	await page.goto(url, { waitUntil: "load" });
	// An image that does not load says so a moment later.
	await page.waitForTimeout(100);
	const path = decodeURIComponent(new URL(url).pathname).slice(0, 30);
	is(`${path}: no script has run`,
	    await page.evaluate(() => window.ran), undefined);
	is("... nothing was asked that the policy refuses",
	    breaches(page).join("\n"), "");
	is("... no element of others is there", await page.evaluate(() =>
	    document.querySelectorAll("script:not([src^='/static/']), " +
	        "[onerror], img:not([src^='/static/'])").length), 0);
}

const lines = (name) => readFileSync(join(tmp, name), "utf8").trim()
    .split("\n");

const page = await open(browser);
await page.goto(rad);
page.complaints.length = 0;
await page.evaluate(() => {
	const s = document.createElement("script");
	s.textContent = "window.ran = 1";
	document.body.append(s);
});
ok("a script that came into a page would be refused, and seen",
    breaches(page).some((c) => c.includes("Content Security Policy")) &&
    await page.evaluate(() => window.ran) === undefined,
    page.complaints.join("\n"));

for (const path of lines("public"))
	await look(page, rad + path);
const officer = await open(browser, as("o1", radCert));
for (const path of lines("officer"))
	await look(officer, radCert + path);
const holder = await open(browser, as("alice", radCert));
await look(holder, `${radCert}/my`);
is("... which shows it as text", (await holder.textContent("main"))
    .includes("window.ran"), true);
await browser.close();
done();
