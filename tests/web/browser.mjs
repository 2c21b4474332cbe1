// SPDX-License-Identifier: Apache-2.0
// Chromium, driven by playwright-core, and TAP.  Run by browser.sh, which says
// in the environment where things are.
import { spawnSync } from "node:child_process";
import dns from "node:dns";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const env = process.env;
const modules = createRequire(join(env.WEB_MODULES, "package.json"));
const { chromium } = modules("playwright-core");
const axeSource = readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");

export const tmp = env.WEB_TMP;
export const srcdir = env.srcdir;

let count = Number(env.TAP_COUNT ?? 0);
let failed = 0;

export function ok(what, good, why) {
	count++;
	if (!good) {
		failed++;
		if (why !== undefined)
			process.stderr.write(String(why).replace(/^/gm, "#   ") + "\n");
	}
	process.stdout.write(`${good ? "ok" : "not ok"} ${count} - ${what}\n`);
	writeFileSync(join(tmp, "tap_count"), `${count} ${failed}\n`);
	return good;
}

export function is(what, got, expected) {
	return ok(what, got === expected,
	    `got: ${got}\nexpected: ${expected}`);
}

export function has(what, text, part) {
	return ok(what, String(text).includes(part),
	    `no "${part}" in: ${String(text).slice(0, 500)}`);
}

// Another program's status, output and errors, without a shell.
export function run(program, args) {
	const { status, stdout, stderr } = spawnSync(program, args,
	    { encoding: "utf8" });
	return { status, out: stdout, all: stdout + stderr };
}

// example.org is here.  Node looks names up itself where it shows a client
// certificate on behalf of the browser.
const example = /(^|\.)example\.org$/;
const { lookup } = dns;
dns.lookup = (name, options, done) => {
	if (!example.test(name))
		return lookup(name, options, done);
	const here = { address: "127.0.0.1", family: 4 };
	return (done ?? options)(null, ...options?.all ? [[here]] :
	    [here.address, here.family]);
};
dns.promises.lookup = (name, options) => new Promise((resolve, reject) =>
    dns.lookup(name, options ?? {}, (e, address, family) => e ? reject(e) :
        resolve(options?.all ? address : { address, family })));

export async function launch() {
	return chromium.launch({
		executablePath: env.WEB_CHROMIUM ?? "/usr/bin/chromium",
		env: { ...env, HOME: env.WEB_HOME },
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic",
		    "--no-first-run", "--disable-background-networking",
		    "--disable-component-update", "--disable-sync",
		    "--host-resolver-rules=MAP *.example.org 127.0.0.1"],
	});
}

// The options of a context that shows $tmp/WHO.pem to that server.
export function as(who, url) {
	return { clientCertificates: [{ origin: new URL(url).origin,
	    certPath: join(tmp, `${who}.pem`), keyPath: join(tmp, `${who}.key`) }] };
}

// A page of a context of its own.  page.complaints collects what a console
// would show in red: errors of scripts and breaches of the content policy.
export async function open(browser, options = {}) {
	const context = await browser.newContext({ locale: "en", ...options });
	context.setDefaultTimeout(60000);
	const page = await context.newPage();
	watch(page);
	return page;
}

export function watch(page) {
	page.complaints = [];
	page.on("console", (m) => {
		if (m.type() === "error")
			page.complaints.push(m.text());
	});
	page.on("pageerror", (e) => page.complaints.push(String(e)));
}

// The link in a mail that the sink has taken: "confirm", "status".
export async function mailed(what) {
	const dir = join(tmp, "sink/mail");
	for (let i = 0; i < 100; i++) {
		const mails = readdirSync(dir).filter((n) => n.endsWith(".eml"))
		    .map((n) => readFileSync(join(dir, n), "utf8")
		        .replace(/=\r?\n/g, "").replaceAll("=3D", "="));
		const link = mails.join("\n").match(
		    new RegExp(`https://[^\\s]*/${what}/[0-9a-f]+`));
		if (link !== null)
			return link[0];
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
	throw new Error(`no mail with a link to ${what}`);
}

// A security key of Chromium's own, with somebody who touches it.
export async function authenticator(page) {
	const cdp = await page.context().newCDPSession(page);
	await cdp.send("WebAuthn.enable");
	const { authenticatorId } = await cdp.send(
	    "WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2",
	        transport: "usb", hasResidentKey: false,
	        hasUserVerification: true, isUserVerified: true,
	        automaticPresenceSimulation: true } });
	return {
		verified: (isUserVerified) => cdp.send("WebAuthn.setUserVerified",
		    { authenticatorId, isUserVerified }),
		credentials: async () => (await cdp.send("WebAuthn.getCredentials",
		    { authenticatorId })).credentials,
		add: (credential) => cdp.send("WebAuthn.addCredential",
		    { authenticatorId, credential }),
		remove: () => cdp.send("WebAuthn.removeVirtualAuthenticator",
		    { authenticatorId }),
	};
}

// What axe-core calls serious or critical.
export async function axe(page) {
	await page.evaluate(axeSource);
	const found = await page.evaluate(async () => {
		const r = await globalThis.axe.run(document);
		return r.violations.map((v) => ({ id: v.id, impact: v.impact,
		    help: v.help, nodes: v.nodes.map((n) => n.html).slice(0, 3) }));
	});
	return found.filter((v) => v.impact === "serious" || v.impact === "critical");
}

// Nothing scrolls sideways: what is wide is in a box that scrolls by itself.
export async function tooWide(page) {
	return page.evaluate(() => document.documentElement.scrollWidth -
	    document.documentElement.clientWidth);
}

export async function shot(page, name) {
	await page.screenshot({ fullPage: true,
	    path: join(env.WEB_SCREENSHOTS, `${name}.png`) });
}

// One page, as everybody must be able to use it: wide and narrow.  Its colours
// in the other scheme are looked at in 20-pages.t and 21-pages-officer.t.
export async function judge(page, name) {
	const before = page.viewportSize();
	await page.waitForLoadState("load");
	for (const [width, scheme] of [[1280, "light"], [390, "dark"]]) {
		await page.setViewportSize({ width, height: 800 });
		await page.emulateMedia({ colorScheme: scheme });
		if (scheme === "dark") {
			const found = await axe(page);
			ok(`${name}: axe-core finds nothing serious`,
			    found.length === 0, JSON.stringify(found, null, 1));
		}
		is(`${name}, ${width} px: nothing is wider than the window`,
		    await tooWide(page), 0);
		await shot(page, `${name}-${width}`);
	}
	await page.setViewportSize(before);
	await page.emulateMedia({ colorScheme: "light" });
	is(`${name}: no error on the console`, page.complaints.join("\n"), "");
	page.complaints.length = 0;
}

export function done() {
	process.exitCode = failed === 0 ? 0 : 1;
}
