// SPDX-License-Identifier: Apache-2.0
// Serves ra/static and one blank page on loopback, with the content policy of
// signet-rad, for tests of modules without the daemon.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { srcdir } from "./browser.mjs";

const TYPES = { js: "text/javascript", css: "text/css", svg: "image/svg+xml" };
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "img-src 'self'; connect-src 'self'; form-action 'self'; " +
    "frame-ancestors 'none'; base-uri 'none'";

async function answer(request, response, pages) {
	response.setHeader("Content-Security-Policy", POLICY);
	const { pathname } = new URL(request.url, "http://localhost");
	const name = pathname.match(/^\/static\/([a-z0-9_]+\.(js|css|svg))$/);
	if (name === null) {
		response.setHeader("Content-Type", "text/html; charset=utf-8");
		response.end(pages[pathname] ?? "<!doctype html><title>blank</title>");
		return;
	}
	response.setHeader("Content-Type", TYPES[name[2]]);
	response.end(await readFile(join(srcdir, "ra/static", name[1])));
}

// The address of a server that ends with the program.
export async function serve(pages = {}) {
	const server = createServer((request, response) =>
	    answer(request, response, pages).catch(() => {
	        response.statusCode = 404;
	        response.end();
	    }));
	server.unref();
	await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
	return `http://localhost:${server.address().port}`;
}
