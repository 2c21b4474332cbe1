// SPDX-License-Identifier: Apache-2.0
// Serves ra/static and pages of the caller's on loopback, with the content
// policy of signet-rad, for tests of what runs in the browser alone.  What is
// sent goes into a list; the answer is what the caller has for "POST /path".
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { srcdir } from "./browser.mjs";

const TYPES = { js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "img-src 'self'; connect-src 'self'; form-action 'self'; " +
    "frame-ancestors 'none'; base-uri 'none'";

async function take(request, sent) {
	const form = await new Request("http://localhost", { method: "POST",
	    duplex: "half", body: request, headers: request.headers }).formData();
	sent.push({ path: request.url, fields: Object.fromEntries(
	    [...form].filter(([, value]) => typeof value === "string")) });
}

// A file of a brand folder takes the place of ours.
async function fileOf(name, brand) {
	const ours = join(srcdir, "ra/static", name);
	if (brand === null)
		return readFile(ours);
	return readFile(join(brand, "static", name)).catch(() => readFile(ours));
}

async function answer(request, response, pages, sent, brand) {
	response.setHeader("Content-Security-Policy", POLICY);
	const { pathname } = new URL(request.url, "http://localhost");
	const name = pathname.match(/^\/static\/([a-z0-9_]+\.(js|css|svg))$/);
	if (request.method === "POST")
		await take(request, sent);
	if (name !== null) {
		response.setHeader("Content-Type", TYPES[name[2]]);
		response.end(await fileOf(name[1], brand));
		return;
	}
	const page = pages[request.method === "POST" ? `POST ${pathname}` :
	    pathname] ?? "<!doctype html><title>blank</title><h1>blank</h1>";
	response.setHeader("Content-Type", typeof page === "string" ?
	    "text/html; charset=utf-8" : "application/json");
	response.end(typeof page === "string" ? page : JSON.stringify(page));
}

// The address of a server that ends with the program.
export async function serve(pages = {}, sent = [], brand = null) {
	const server = createServer((request, response) =>
	    answer(request, response, pages, sent, brand).catch(() => {
	        response.statusCode = 404;
	        response.end();
	    }));
	server.unref();
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	return `http://localhost:${server.address().port}`;
}
