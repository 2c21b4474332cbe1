// SPDX-License-Identifier: Apache-2.0
// See 10-keys.t.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { done, has, is, launch, ok, open, run, tmp } from "./browser.mjs";
import { serve } from "./static.mjs";

const PASSWORD = "correct horse";
const file = (name) => join(tmp, name);
const browser = await launch();
const page = await open(browser);
await page.goto(await serve());

const MODULES = ["der", "encoding", "csr", "sha256", "pkcs12_kdf", "pkcs12",
    "pkcs12_read"];

// Runs code in the page with all modules in its sight, as m.
async function inPage(code, argument = null) {
	return page.evaluate(`(async (a) => {
		const m = Object.assign({}, ...await Promise.all(
		    ${JSON.stringify(MODULES)}.map((n) => import("/static/" + n + ".js"))));
		${code}
	})(${JSON.stringify(argument)})`).catch((e) => `thrown: ${e}`);
}

await page.evaluate(() => { globalThis.thrown = async (work) => {
	try {
		await work();
		return "nothing";
	} catch (e) {
		return e.code ?? String(e);
	}
}; });

const openssl = (...args) => run("openssl", args);
const b64 = (name) => readFileSync(file(name)).toString("base64");

// The hash that the key derivation uses, against the browser's own.
is("SHA-256 is the browser's SHA-256 at every length up to two blocks",
    await inPage(`
	for (let n = 0; n < 150; n++) {
		const bytes = crypto.getRandomValues(new Uint8Array(n));
		const own = m.toHex(m.sha256(bytes));
		const good = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
		if (own !== m.toHex(good))
			return "not at " + n;
	}
	return "same";`), "same");
is("... and over and over again", await inPage(`
	let good = m.sha256(new Uint8Array(3));
	const own = m.sha256Again(good, 77);
	for (let i = 0; i < 77; i++)
		good = m.sha256(good);
	return m.same(own, good);`), true);

// DER.
is("a length that is cut off is refused", await inPage(
    `return thrown(() => m.read(Uint8Array.of(0x30, 0x82, 1)));`),
    "RangeError: ASN.1: a length that cannot be");
is("contents that are cut off are refused", await inPage(
    `return thrown(() => m.read(Uint8Array.of(0x30, 5, 1)));`),
    "RangeError: ASN.1: cut off");
is("a length that is not said has to end", await inPage(
    `return thrown(() => m.read(Uint8Array.of(0x30, 0x80, 4, 1, 7)));`),
    "RangeError: ASN.1: cut off");
is("an object identifier with a long arc is read as it was written",
    await inPage(`return m.oidOf(m.read(m.oid(
        "2.25.48630738149683718521173944708743016276.2.1")));`),
    "2.25.48630738149683718521173944708743016276.2.1");

// Each kind of key: request, certificate, PKCS#12, and back.
for (const kind of ["rsa-3072", "P-256", "P-384"]) {
	const made = await inPage(`
		const pair = await m.generate(a);
		const pkcs8 = await m.pkcs8Of(pair.privateKey);
		return {
			csr: m.toPem("CERTIFICATE REQUEST",
			    await m.request(pair, a, "Åsa Öberg")),
			key: m.toPem("PRIVATE KEY", pkcs8),
			shut: m.toPem("ENCRYPTED PRIVATE KEY",
			    await m.writeKey("${PASSWORD}", pkcs8)),
		};`, kind);
	writeFileSync(file("b.csr"), made.csr);
	writeFileSync(file("b.key"), made.key);
	writeFileSync(file("b.shut"), made.shut);
	const seen = openssl("req", "-in", file("b.csr"), "-verify", "-noout",
	    "-subject", "-nameopt", "utf8,-esc_msb");
	has(`${kind}: openssl verifies the request`, seen.all, "verify OK");
	has(`${kind}: ... and reads the name`, seen.out.replace(" = ", "="),
	    "CN=Åsa Öberg");
	is(`${kind}: certtool takes the request, too`, run("certtool",
	    ["--crq-info", "--infile", file("b.csr")]).status, 0);
	is(`${kind}: openssl opens the encrypted key`,
	    openssl("pkey", "-in", file("b.shut"), "-passin", `file:${file("pass")}`,
	        "-pubout").out,
	    openssl("pkey", "-in", file("b.key"), "-pubout").out);
	openssl("x509", "-req", "-in", file("b.csr"), "-CA", file("ca.pem"),
	    "-CAkey", file("ca.key"), "-days", "9", "-out", file("b.pem"));
	const certs = readFileSync(file("b.pem"), "utf8") +
	    readFileSync(file("ca.pem"), "utf8");
	const p12 = await inPage(`
		const bytes = await m.writePkcs12({
			password: "${PASSWORD}", name: "Åsa Öberg",
			pkcs8: m.fromPem("PRIVATE KEY", a.key)[0],
			certs: m.fromPem("CERTIFICATE", a.certs) });
		const back = await m.readPkcs12("${PASSWORD}", bytes);
		return { bytes: m.toBase64(bytes),
		    key: m.toPem("PRIVATE KEY", back.pkcs8),
		    certs: back.certs.map((c) => m.toPem("CERTIFICATE", c)).join("") };
	`, { key: made.key, certs });
	writeFileSync(file("b.p12"), Buffer.from(p12.bytes, "base64"));
	is(`${kind}: the browser opens its own PKCS#12`, p12.key, made.key);
	is(`${kind}: ... and finds the certificates in it`, p12.certs, certs);
	const info = openssl("pkcs12", "-in", file("b.p12"), "-passin",
	    `file:${file("pass")}`, "-info", "-nodes");
	has(`${kind}: openssl opens it`, info.out, "BEGIN PRIVATE KEY");
	has(`${kind}: ... sees the MAC`, info.all,
	    "MAC: sha256, Iteration 100000");
	has(`${kind}: ... the cipher`, info.all,
	    "PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256");
	is(`${kind}: ... and both certificates`,
	    info.out.match(/BEGIN CERTIFICATE/g)?.length, 2);
	const listed = run("pk12util", ["-l", file("b.p12"), "-d",
	    `sql:${file("nss")}`, "-w", file("pass")]);
	is(`${kind}: pk12util opens it`, listed.status, 0);
	has(`${kind}: ... and reads its name`, listed.out, "Åsa Öberg");
	const gnutls = run("certtool", ["--p12-info", "--inder", "--infile",
	    file("b.p12"), "--password", PASSWORD]);
	is(`${kind}: certtool opens it`, gnutls.status, 0);
	has(`${kind}: ... and finds the key`, gnutls.out, "PRIVATE KEY");
	is(`${kind}: openssl refuses another password`, openssl("pkcs12", "-in",
	    file("b.p12"), "-passin", "pass:wrong", "-nodes").status, 1);

	// The old key signs what the server has prepared.
	writeFileSync(file("bytes"), "signed attributes");
	writeFileSync(file("sig"), Buffer.from(await inPage(`
		const key = await m.importKey(m.fromPem("PRIVATE KEY", a)[0]);
		return m.toBase64(await m.sign(key,
		    new TextEncoder().encode("signed attributes"), "SHA-256"));`,
	    made.key), "base64"));
	openssl("pkey", "-in", file("b.key"), "-pubout", "-out", file("b.pub"));
	has(`${kind}: openssl verifies what the key has signed`, openssl("dgst",
	    "-sha256", "-verify", file("b.pub"), "-signature", file("sig"),
	    file("bytes")).out, "Verified OK");
}

// Other people's files.
const otherKey = openssl("pkey", "-in", file("other.key")).out;
for (const [who, name] of [["OpenSSL", "openssl"], ["NSS", "nss"],
    ["GnuTLS", "gnutls"], ["OpenSSL with a MAC of SHA-1", "sha1"]]) {
	is(`a file of ${who} is opened`, await inPage(`
		const f = await m.readPkcs12("${PASSWORD}", m.fromBase64(a));
		return m.toPem("PRIVATE KEY", f.pkcs8);`, b64(`${name}.p12`)),
	    otherKey);
	is("... with no other password", await inPage(`return thrown(() =>
	    m.readPkcs12("${PASSWORD} ", m.fromBase64(a)));`, b64(`${name}.p12`)),
	    "password");
}
const refused = (name) => inPage(`return thrown(() =>
    m.readPkcs12("${PASSWORD}", m.fromBase64(a)));`, b64(name));
is("a file with the ciphers of old is refused as such",
    await refused("legacy.p12"), "cipher");
is("a file without a key is empty", await refused("nokey.p12"), "empty");
is("what is no PKCS#12 is refused", await refused("other.pem"), "format");
is("a file that is cut off is refused", await inPage(`return thrown(() =>
    m.readPkcs12("${PASSWORD}", m.fromBase64(a).subarray(0, 900)));`,
    b64("openssl.p12")), "format");
is("a file that was changed is refused", await inPage(`
	const bytes = m.fromBase64(a);
	bytes[300] ^= 1;
	return thrown(() => m.readPkcs12("${PASSWORD}", bytes));`,
    b64("openssl.p12")), "password");
is("an encrypted key has one password", await inPage(`
	const pair = await m.generate("P-256");
	const shut = await m.writeKey("right", await m.pkcs8Of(pair.privateKey));
	return thrown(() => m.readKey("wrong", shut));`), "password");
is("there is no key of an unknown kind", await inPage(
    `return thrown(() => m.generate("dsa"));`),
    "RangeError: no such kind of key: dsa");
ok("a password beyond ASCII opens the file in OpenSSL", await (async () => {
	const bytes = await inPage(`
		const pair = await m.generate("P-256");
		return m.toBase64(await m.writePkcs12({ password: "lösen €",
		    name: "n", pkcs8: await m.pkcs8Of(pair.privateKey),
		    certs: m.fromPem("CERTIFICATE", a) }));`,
	    readFileSync(file("ca.pem"), "utf8"));
	writeFileSync(file("u.p12"), Buffer.from(bytes, "base64"));
	writeFileSync(file("u.pass"), "lösen €");
	return openssl("pkcs12", "-in", file("u.p12"), "-passin",
	    `file:${file("u.pass")}`, "-nodes").status === 0;
})());
is("nothing of all this is an error on the console",
    page.complaints.join("\n"), "");
await browser.close();
done();
