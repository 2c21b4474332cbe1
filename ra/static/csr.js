// SPDX-License-Identifier: Apache-2.0
// Keys made by WebCrypto, and requests (PKCS#10, RFC 2986) for them.
import { bits, context, integer, nothing, oid, read, inside, oidOf,
    sequence, setOf, utf8 } from "./der.js";

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const EC = (curve, hash) => ({ name: "ECDSA", namedCurve: curve, hash });

export const KINDS = {
	"rsa-2048": { ...RSA, bits: 2048 },
	"rsa-3072": { ...RSA, bits: 3072 },
	"rsa-4096": { ...RSA, bits: 4096 },
	"P-256": EC("P-256", "SHA-256"),
	"P-384": EC("P-384", "SHA-384"),
};

const CURVES = {
	"1.2.840.10045.3.1.7": "P-256",
	"1.3.132.0.34": "P-384",
};

// RFC 4055, 5; RFC 5758, 3.2.
const SIGNATURES = {
	"RSASSA-PKCS1-v1_5 SHA-256":
	    sequence(oid("1.2.840.113549.1.1.11"), nothing()),
	"ECDSA SHA-256": sequence(oid("1.2.840.10045.4.3.2")),
	"ECDSA SHA-384": sequence(oid("1.2.840.10045.4.3.3")),
};

export async function generate(kind) {
	const alg = KINDS[kind];
	if (alg === undefined)
		throw new RangeError(`no such kind of key: ${kind}`);
	const params = alg.bits === undefined ? alg : { ...alg,
	    modulusLength: alg.bits, publicExponent: Uint8Array.of(1, 0, 1) };
	return crypto.subtle.generateKey(params, true, ["sign", "verify"]);
}

export async function spkiOf(publicKey) {
	return new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
}

// The private key as PKCS#8.  The caller wipes it with fill(0).
export async function pkcs8Of(privateKey) {
	return new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
}

// What a PKCS#8 key signs with: its algorithm and, on a curve, its curve.
export function algorithmOf(pkcs8) {
	const [, alg] = inside(read(pkcs8));
	const [id, params] = inside(alg);
	if (oidOf(id) === "1.2.840.113549.1.1.1")
		return { ...RSA };
	const curve = oidOf(id) === "1.2.840.10045.2.1" && CURVES[oidOf(params)];
	if (!curve)
		throw new RangeError("a key of a kind that browsers cannot use");
	return EC(curve, "SHA-256");
}

export async function importKey(pkcs8) {
	return crypto.subtle.importKey("pkcs8", pkcs8, algorithmOf(pkcs8), false,
	    ["sign"]);
}

// WebCrypto's r and s side by side, as RFC 3279, 2.2.3 wants them.
function ecdsaDer(raw) {
	const half = raw.length / 2;
	return sequence(integer(raw.slice(0, half)), integer(raw.slice(half)));
}

function ecdsaRaw(der, curve) {
	const half = curve === "P-384" ? 48 : 32;
	const raw = new Uint8Array(2 * half);
	inside(read(der)).forEach((part, i) => {
		const value = part.value.length > half ? part.value.subarray(1) :
		    part.value;
		raw.set(value, (i + 1) * half - value.length);
	});
	return raw;
}

// hash only counts on a curve: with RSA it is part of the key here.
export async function sign(key, bytes, hash) {
	const { name } = key.algorithm;
	const raw = new Uint8Array(await crypto.subtle.sign({ name, hash }, key,
	    bytes));
	return name === "ECDSA" ? ecdsaDer(raw) : raw;
}

function nameOf(commonName) {
	if (!commonName)
		return sequence();
	return sequence(setOf(sequence(oid("2.5.4.3"), utf8(commonName))));
}

// Only the key counts: the names of the certificate come from the order, so
// there is one here for those who look at the file, and no extension.
export async function request(pair, kind, commonName) {
	const { name, hash } = KINDS[kind];
	const info = sequence(integer(0), nameOf(commonName),
	    await spkiOf(pair.publicKey), context(0));
	const signature = await sign(pair.privateKey, info, hash);
	return sequence(info, SIGNATURES[`${name} ${hash}`], bits(signature));
}

// Whether a signature by sign() is of this public key.
export async function verifies(spki, signature, bytes) {
	// SubjectPublicKeyInfo begins as PKCS#8 goes on after its version.
	const [alg] = inside(read(spki));
	const params = algorithmOf(sequence(integer(0), alg.whole));
	const key = await crypto.subtle.importKey("spki", spki, params, false,
	    ["verify"]);
	const raw = params.name === "ECDSA" ?
	    ecdsaRaw(signature, params.namedCurve) : signature;
	return crypto.subtle.verify(params, key, raw, bytes);
}
