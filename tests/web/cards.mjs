// SPDX-License-Identifier: Apache-2.0
// See 42-cards.t.
import { done, has, is, judge, launch, ok } from "./browser.mjs";
import { approve, bound, main, officer, orderOf, press, register, until }
    from "./staff.mjs";

const [, , , radCert, number] = process.argv;
const browser = await launch();
const o1 = await officer(browser, "o1", radCert);
await register(o1, radCert);
await bound(o1, radCert, orderOf(o1));
const card = `${radCert}/officer/card/${number}`;

// ---- looking for it ----
await o1.getByRole("link", { name: "Cards", exact: true }).click();
await judge(o1, "officer cards");
await o1.getByLabel("Number of the card, or holder").fill("nobody");
await press(o1, "Search");
await o1.waitForURL(/\/officer\/cards\?.*nobody/);
has("who has none has none", await main(o1), "No card was found.");
await o1.getByLabel("Number of the card, or holder").fill("1");
await press(o1, "Search");
await o1.waitForURL(/\/officer\/cards\?.*=1/);
await judge(o1, "officer cards found");
await o1.getByRole("link", { name: number }).click();
await o1.waitForURL(card);
has("the card is shown", await main(o1), "piv-serial:1001");
await judge(o1, "officer card");

// ---- what becomes of it ----
async function becomes(what) {
	await o1.getByLabel(what).check();
	await press(o1, "Go on");
}
await becomes("with its holder");
await o1.getByText("Saved.", { exact: true }).waitFor();
has("that it was handed over is noted", await o1.textContent(".tag"),
    "with its holder");
await o1.getByLabel("Comment").fill("left on a train");
await becomes("lost or stolen");
has("the order to revoke is shown", await o1.textContent("pre"),
    "left on a train");
await judge(o1, "officer card order");
await approve(o1, card);
has("the card is lost", await o1.textContent(".tag"), "lost");
has("its history says why", await main(o1), "left on a train");
await until(o1, card, "revoked");
ok("its certificate is revoked", true);
await judge(o1, "officer card lost");
is("no error on the console", o1.complaints.join("\n"), "");
await browser.close();
done();
