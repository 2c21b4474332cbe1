// SPDX-License-Identifier: Apache-2.0
// Opens PKCS#12 files and encrypted keys: our own, those of OpenSSL 3 and of
// whatever else uses PBES2 with AES.  What is wrong is said by the code of a
// FileError: "format", "password", "cipher" (too old for a browser), "empty".
import { TAG, inside, numberOf, octetsOf, oidOf, read,
    same } from "./der.js";
import { cipherKey, mac } from "./pkcs12_kdf.js";

export class FileError extends Error {
	constructor(code) {
		super(`PKCS#12: ${code}`);
		this.code = code;
	}
}

const DIGESTS = {
	"1.3.14.3.2.26": "SHA-1",
	"2.16.840.1.101.3.4.2.1": "SHA-256",
	"2.16.840.1.101.3.4.2.2": "SHA-384",
	"2.16.840.1.101.3.4.2.3": "SHA-512",
};
const PRFS = {
	"1.2.840.113549.2.7": "SHA-1",
	"1.2.840.113549.2.9": "SHA-256",
	"1.2.840.113549.2.10": "SHA-384",
	"1.2.840.113549.2.11": "SHA-512",
};
const CIPHERS = {
	"2.16.840.1.101.3.4.1.2": 128,
	"2.16.840.1.101.3.4.1.42": 256,
};
// More would be a trap for the reader's time.
const MOST_ITERATIONS = 10000000;

function known(table, id) {
	if (table[id] === undefined)
		throw new FileError("cipher");
	return table[id];
}

function iterationsOf(element) {
	const n = numberOf(element);
	if (n < 1 || n > MOST_ITERATIONS)
		throw new FileError("format");
	return n;
}

function kdfOf(element) {
	const [id, params] = inside(element);
	if (oidOf(id) !== "1.2.840.113549.1.5.12")
		throw new FileError("cipher");
	const [salt, iterations, ...rest] = inside(params);
	const prf = rest.find((r) => r.tag === TAG.SEQUENCE);
	return { salt: octetsOf(salt), iterations: iterationsOf(iterations),
	    hash: prf ? known(PRFS, oidOf(inside(prf)[0])) : "SHA-1" };
}

async function decrypt(password, alg, secret) {
	const [id, params] = inside(alg);
	if (oidOf(id) !== "1.2.840.113549.1.5.13")
		throw new FileError("cipher");
	const [kdf, cipher] = inside(params);
	const [cipherId, iv] = inside(cipher);
	const length = known(CIPHERS, oidOf(cipherId));
	const key = await cipherKey(password, { ...kdfOf(kdf), length });
	try {
		return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC",
		    iv: octetsOf(iv) }, key, secret));
	} catch {
		throw new FileError("password");
	}
}

async function openKey(password, element) {
	const [alg, secret] = inside(element);
	const clear = await decrypt(password, alg, octetsOf(secret));
	// A wrong password may leave padding that looks right, once in 256.
	try {
		inside(read(clear));
	} catch {
		throw new FileError("password");
	}
	return clear;
}

async function checkMac(password, element, bytes) {
	const [info, salt, iterations] = inside(element);
	const [alg, digest] = inside(info);
	const hash = known(DIGESTS, oidOf(inside(alg)[0]));
	const n = iterations ? iterationsOf(iterations) : 1;
	const good = await mac(hash, password, octetsOf(salt), n, bytes);
	if (!same(good, octetsOf(digest)))
		throw new FileError("password");
}

// The SafeContents of each ContentInfo.
async function contentsOf(password, info) {
	const [type, content] = inside(info);
	const [body] = inside(content, 0xa0);
	if (oidOf(type) === "1.2.840.113549.1.7.1")
		return read(octetsOf(body));
	if (oidOf(type) !== "1.2.840.113549.1.7.6")
		throw new FileError("cipher");
	const [, alg, secret] = inside(inside(body)[1]);
	return read(await decrypt(password, alg, octetsOf(secret, 0x80)));
}

async function takeBag(password, bag, found) {
	const [type, value] = inside(bag);
	const [body] = inside(value, 0xa0);
	switch (oidOf(type)) {
	case "1.2.840.113549.1.12.10.1.1":
		found.pkcs8 ??= body.whole;
		break;
	case "1.2.840.113549.1.12.10.1.2":
		found.pkcs8 ??= await openKey(password, body);
		break;
	case "1.2.840.113549.1.12.10.1.3":
		found.certs.push(octetsOf(inside(inside(body)[1], 0xa0)[0]));
		break;
	}
}

async function openSafe(password, bytes) {
	const [version, auth, macData] = inside(read(bytes));
	if (numberOf(version) !== 3)
		throw new FileError("format");
	const safe = octetsOf(inside(inside(auth)[1], 0xa0)[0]);
	if (macData)
		await checkMac(password, macData, safe);
	const found = { pkcs8: null, certs: [] };
	for (const info of inside(read(safe)))
		for (const bag of inside(await contentsOf(password, info)))
			await takeBag(password, bag, found);
	if (found.pkcs8 === null)
		throw new FileError("empty");
	return found;
}

// What cannot be read at all is no such file.
async function orFormat(work) {
	try {
		return await work();
	} catch (e) {
		throw e instanceof FileError ? e : new FileError("format");
	}
}

// { pkcs8, certs } in the order of the file; pkcs8 is the caller's to wipe.
export async function readPkcs12(password, bytes) {
	return orFormat(() => openSafe(password, bytes));
}

export async function readKey(password, bytes) {
	return orFormat(() => openKey(password, read(bytes)));
}
