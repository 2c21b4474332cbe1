// SPDX-License-Identifier: Apache-2.0
// Officers in the browser, for tests: after $tmp/both.sh, with which both
// security officers sign an order (security_officers() of browser.sh).
import { join } from "node:path";
import { as, authenticator, is, has, ok, open, run, tmp } from "./browser.mjs";

export const press = (page, name) =>
    page.getByRole("button", { name, exact: true }).click();
export const main = (page) => page.textContent("main");
export const orderOf = (page) => page.url().match(/[0-9a-f]{32}/)[0];

// Until the page says so, there.
export async function until(page, address, text, where = "main") {
	for (let i = 0; i < 80; i++) {
		await page.goto(address);
		if ((await page.locator(where).allTextContents()).join(" ").includes(text))
			return;
		await page.waitForTimeout(250);
	}
	ok(`${address} comes to say "${text}"`, false, await main(page));
}

// What is wrong with a page that was refused; Chromium names its status, too.
export async function refused(page, what, text) {
	has(what, await main(page), text);
	page.complaints.length = 0;
}

// What a script of the page says.
export async function says(page, what, text) {
	await page.locator("[data-say]", { hasText: text }).waitFor();
	has(what, await page.textContent("[data-say]"), text);
}

// With the certificate $tmp/WHO.pem, at the start page of officers.
export async function officer(browser, who, radCert) {
	const page = await open(browser, as(who, radCert));
	await page.goto(`${radCert}/officer`);
	return page;
}

// Registers a security key, for all or for what is filled in.  Two security
// officers have to bind it.
export async function register(page, radCert, limit = async () => {}) {
	const device = await authenticator(page);
	await page.goto(`${radCert}/officer/credentials`);
	await page.getByRole("link", { name: "Register a security key" }).click();
	await limit();
	await press(page, "Touch the key");
	await page.waitForURL(/\/officer\/credentials\/new\/[0-9a-f]{32}$/);
	return device;
}

// They do, on machines of their own.
export async function bound(page, radCert, order) {
	is("both security officers bind the security key", run("sh",
	    [join(tmp, "both.sh"), order]).status, 0);
	await until(page, `${radCert}/officer/credentials`, "bound", ".tag");
}

// The order that is shown, signed; then the page there.
export async function approve(page, there) {
	await press(page, "Approve with the security key");
	await page.waitForURL(there);
}
