// SPDX-License-Identifier: Apache-2.0
// See 30-home.t.
import { done, has, is, judge, launch, ok, open } from "./browser.mjs";

const [, , rad] = process.argv;
const browser = await launch();
const page = await open(browser);

// The connection is one that the browser trusts by the installation's root.
const first = await page.goto(rad);
is("the start page comes", first.status(), 200);
is("the browser trusts its certificate", (await first.securityDetails()).subjectName,
    "pki.example.org");
await judge(page, "home");
const policy = first.headers()["content-security-policy"];
has("nothing but what is here is allowed", policy, "default-src 'none'");
ok("no script in the page is", !/unsafe/.test(policy), policy);
has("a name of the brand stands in the title", await page.title(), "Signet");

await page.getByRole("link", { name: "Svenska" }).click();
has("the other language is chosen by a link", await page.textContent("h1"),
    "Certifikat för e-post");
is("... and said to who reads it aloud",
    await page.getAttribute("html", "lang"), "sv");
await page.goto(rad);
is("... and kept", await page.getAttribute("html", "lang"), "sv");
await judge(page, "home in Swedish");

const swedish = await open(browser, { locale: "sv-SE" });
await swedish.goto(rad);
is("who says so gets Swedish at once",
    await swedish.getAttribute("html", "lang"), "sv");

// What is not there.
const lost = await page.goto(`${rad}/no/such/page?lang=en`);
is("what is not there is 404", lost.status(), 404);
has("... in words", await page.textContent("h1"), "There is nothing here");
// Chromium itself writes every status of that kind on its console.
page.complaints.length = 0;
await judge(page, "error 404");

// Scripts find each other, and are kept for a year.
const seen = [];
page.on("response", (r) => seen.push(r));
await page.goto(rad);
const scripts = seen.filter((r) => r.url().endsWith(".js"));
ok("the page's script comes", scripts.length > 0 &&
    scripts.every((r) => r.status() === 200));
has("... for a year", scripts[0].headers()["cache-control"], "max-age=31536000");
await browser.close();
done();
