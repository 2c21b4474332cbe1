// SPDX-License-Identifier: Apache-2.0
// See 32-apply.t.
import { done, has, is, judge, launch, mailed, ok, open } from "./browser.mjs";

const [, , rad] = process.argv;
const browser = await launch();
const page = await open(browser, { acceptDownloads: true });
const SCRIPT = "\"><script>document.title = 'mine'</script>";

// With the Tab key through what there is, typing where it is known, until a
// button or link of that name, which is pressed.
async function walk(typing, last) {
	await page.evaluate(() => document.getElementById("main").focus());
	const walked = [];
	for (let i = 0; i < 60; i++) {
		await page.keyboard.press("Tab");
		const { name, text, kind } = await page.evaluate(() => {
			const e = document.activeElement;
			return { name: e.name || e.id, text: e.textContent.trim(),
			    kind: e.tagName };
		});
		walked.push(name || text);
		if (typing[name] !== undefined) {
			if (kind === "INPUT")
				await page.keyboard.press("Control+A");
			await page.keyboard.type(typing[name]);
		} else if (text === last) {
			await page.keyboard.press("Enter");
			return;
		}
	}
	ok(`the keyboard leads to "${last}"`, false, walked.join(", "));
}

await page.goto(`${rad}/enrol`);
await judge(page, "enrol");
await page.getByRole("link", { name: /^Mail/ }).first().focus();
await page.keyboard.press("Enter");
await page.waitForURL(`${rad}/enrol/mail-dual`);
await judge(page, "enrol form");

// A form with mistakes comes back with what was typed, and says which.
const typed = { "field.country": "Sweden", "field.org": "Example AB",
    "field.orgid": "NTRSE-556677-8899", "field.surname": "Holm",
    "field.given": "Alice", "field.name": "Alice Holm", mail: "alice",
    note: SCRIPT, "f-password": "correct horse battery",
    "f-again": "correct horse battery", "f-kind": "P-256" };
const [download] = await Promise.all([page.waitForEvent("download"),
    walk(typed, "Send the request")]);
is("the key is saved under the name", download.suggestedFilename(),
    "Alice-Holm.key.pem");
await page.locator("[data-errors]").waitFor();
page.complaints.length = 0;	// Chromium names the status of a refused form
has("mistakes are told", await page.textContent("[data-errors]"),
    "Country: Two capital letters");
is("... and marked at the field",
    await page.getAttribute("[name='field.country']", "aria-invalid"), "true");
is("... the address, too",
    await page.getAttribute("[name=mail]", "aria-invalid"), "true");
is("what was typed is still there, as text",
    await page.inputValue("[name=note]"), SCRIPT);
has("... and no script has run", await page.title(), "Signet");
await judge(page, "enrol form with mistakes");
await page.keyboard.press("Tab");
await page.keyboard.press("Enter");
ok("a mistake leads to its field", await page.evaluate(() =>
    document.activeElement.matches("input, textarea")));
await walk({ "field.country": "SE", mail: "alice@example.org" },
    "Send the request");
await page.getByText("We have sent a link to alice@example.org").waitFor();
await judge(page, "enrol sent");

// The link does nothing by itself: the button does.
await page.goto(await mailed("confirm"));
await judge(page, "confirm");
await walk({}, "Yes, this is my request");
await page.waitForURL(/\/status\//);
has("it waits for an officer", await page.textContent("main"),
    "An officer will look at your request");
has("... with what was asked for", await page.textContent("main"), "Example AB");
await judge(page, "status waiting");
await page.goto(`${page.url()}?lang=sv`);
await judge(page, "status waiting in Swedish");
await walk({}, "Ta tillbaka ansökan");
await page.getByText("Din ansökan är återtagen").waitFor();
await judge(page, "status withdrawn in Swedish");
await page.goto(`${rad}/confirm/${"0".repeat(40)}?lang=en`);
page.complaints.length = 0;
has("a link that nobody was sent leads nowhere", await page.textContent("main"),
    "There is nothing here");
await browser.close();
done();
