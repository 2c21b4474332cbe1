// SPDX-License-Identifier: Apache-2.0
// See 20-pages.t and 21-pages-officer.t.  Wide, light and English; narrow, dark and Swedish.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { axe, done, is, launch, ok, open, shot, srcdir, tooWide } from "./browser.mjs";
import { serve } from "./static.mjs";

const [, , dir, pem, who] = process.argv;
const pages = {};
for (const name of readdirSync(dir).sort()) {
	const text = readFileSync(join(dir, name), "utf8");
	if (text.includes('<body class="wide">') === (who === "officer"))
		pages[`/${name.replaceAll(" ", "_")}`] = text.replaceAll("@PEM@",
		    readFileSync(pem, "utf8"));
}
const base = await serve(pages);
const browser = await launch();

async function look(page, name, lang, from = base) {
	await page.goto(`${from}/${lang}-${name}`);
	await page.waitForLoadState("load");
	// Of errors and states, where only words differ, the first.
	if (!/^(error|status)\.html_/.test(name)) {
		const found = await axe(page);
		ok(`${name}, ${lang}: axe-core finds nothing serious`,
		    found.length === 0, JSON.stringify(found, null, 1));
	}
	is(`${name}, ${lang}: nothing is wider than the window`,
	    await tooWide(page), 0);
	is(`${name}, ${lang}: one heading leads, no field is without a label`,
	    await page.evaluate(() => `${document.querySelectorAll("h1").length} ` +
	        [...document.querySelectorAll("input:not([type=hidden]), select, textarea")]
	            .filter((i) => i.labels.length === 0).length), "1 0");
	is(`${name}, ${lang}: no error on the console`,
	    page.complaints.join("\n"), "");
	page.complaints.length = 0;
	await shot(page, `${name.replace(".html", "")}-${lang}` +
	    (from === base ? "" : "-brand"));
}

async function all(lang, width, colorScheme) {
	const page = await open(browser, { viewport: { width, height: 800 },
	    colorScheme, locale: lang });
	for (const path of Object.keys(pages))
		if (path.startsWith(`/${lang}-`))
			await look(page, path.slice(lang.length + 2), lang);
}

await Promise.all([all("en", 1100, "light"), all("sv", 360, "dark")]);
// The colours and the logo of the example of a brand.
if (who !== "officer") {
	const brand = await serve(pages, [], join(srcdir, "ra/brand"));
	for (const colorScheme of ["light", "dark"]) {
		const page = await open(browser, { colorScheme });
		await look(page, "home.html", "en", brand);
		await look(page, "status.html", "sv", brand);
	}
}
await browser.close();
done();
