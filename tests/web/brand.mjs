// SPDX-License-Identifier: Apache-2.0
// See 30-home.t.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { done, has, is, judge, launch, ok, open, srcdir } from "./browser.mjs";

const [, , rad] = process.argv;
const brand = (name) => readFileSync(join(srcdir, "ra/brand", name), "utf8");
const texts = Object.fromEntries(["en", "sv"].map((lang) =>
    [lang, JSON.parse(brand(`texts/${lang}.json`))]));
const browser = await launch();
const page = await open(browser);

await page.goto(rad);
has("the name is the brand's", await page.textContent(".home"),
    texts.en["brand.name"]);
has("... in the title, too", await page.title(), texts.en["brand.name"]);
has("... and whom to ask", await page.textContent("footer"),
    texts.en["brand.contact"]);
is("the logo is the brand's", await (await page.request.get(new URL(
    await page.getAttribute(".home img", "src"), rad).href)).text(),
    brand("static/logo.svg"));
const [colour] = brand("static/brand.css").match(/(?<=--brand: )#[0-9a-f]{6}/);
is("the colours are the brand's", await page.evaluate(() =>
    getComputedStyle(document.documentElement).getPropertyValue("--brand")),
    colour);
await judge(page, "brand home");

await page.goto(`${rad}/enrol`);
ok("without a name of the brand's a profile has its own", await page.getByRole(
    "link", { name: "Mail, signed and encrypted" }).isVisible());
await page.goto(`${rad}/enrol?lang=sv`);
const name = texts.sv["profile.mail-dual"];
ok("a profile is called as the brand does", await page.getByRole("link",
    { name }).isVisible());
await page.getByRole("link", { name }).click();
has("... on the form, too", await page.textContent("h1"), name);
has("an office is called as the brand does", await page.textContent(
    "[name=office]"), texts.sv["office.north"]);
await judge(page, "brand form");
await browser.close();
done();
