// SPDX-License-Identifier: Apache-2.0
// ASN.1: DER written, DER and the BER of other people's PKCS#12 read.  Values
// are Uint8Array; what cannot be read throws a RangeError.

export const TAG = {
	INTEGER: 0x02, BITS: 0x03, OCTETS: 0x04, NULL: 0x05, OID: 0x06,
	UTF8: 0x0c, PRINTABLE: 0x13, IA5: 0x16, BMP: 0x1e,
	SEQUENCE: 0x30, SET: 0x31,
};

export function concat(...parts) {
	const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
	let at = 0;
	for (const p of parts) {
		all.set(p, at);
		at += p.length;
	}
	return all;
}

export function same(a, b) {
	if (a.length !== b.length)
		return false;
	let different = 0;
	for (let i = 0; i < a.length; i++)
		different |= a[i] ^ b[i];
	return different === 0;
}

// X.690, 8.1.3: the shortest form of a length.
function length(n) {
	if (n < 0x80)
		return Uint8Array.of(n);
	const bytes = [];
	for (; n > 0; n = Math.floor(n / 256))
		bytes.unshift(n % 256);
	return Uint8Array.of(0x80 | bytes.length, ...bytes);
}

export function tlv(tag, ...content) {
	const value = concat(...content);
	return concat(Uint8Array.of(tag), length(value.length), value);
}

export const sequence = (...parts) => tlv(TAG.SEQUENCE, ...parts);
export const octets = (value) => tlv(TAG.OCTETS, value);
export const bits = (value) => tlv(TAG.BITS, Uint8Array.of(0), value);
export const nothing = () => tlv(TAG.NULL);
// [n], around something whole or in place of an implicit constructed one.
export const context = (n, ...parts) => tlv(0xa0 | n, ...parts);

// 11.6: the members of a SET OF are in order.
export function setOf(...parts) {
	const hex = (p) => Array.from(p, (b) => b.toString(16).padStart(2, "0")).join("");
	return tlv(TAG.SET, ...parts.toSorted((a, b) => hex(a) < hex(b) ? -1 : 1));
}

// A number, or the bytes of one that is not negative.
export function integer(value) {
	let bytes = value;
	if (typeof value === "number") {
		const n = [];
		for (; value > 0; value = Math.floor(value / 256))
			n.unshift(value % 256);
		bytes = Uint8Array.from(n);
	}
	let start = 0;
	while (start < bytes.length - 1 && bytes[start] === 0)
		start++;
	bytes = bytes.subarray(start);
	if (bytes.length === 0 || bytes[0] >= 0x80)
		bytes = concat(Uint8Array.of(0), bytes);
	return tlv(TAG.INTEGER, bytes);
}

export function oid(dotted) {
	const arcs = dotted.split(".").map(BigInt);
	const bytes = [];
	for (const arc of [arcs[0] * 40n + arcs[1], ...arcs.slice(2)]) {
		const seven = [Number(arc & 127n)];
		for (let rest = arc >> 7n; rest > 0n; rest >>= 7n)
			seven.unshift(Number(rest & 127n) | 0x80);
		bytes.push(...seven);
	}
	return tlv(TAG.OID, Uint8Array.from(bytes));
}

export const utf8 = (text) => tlv(TAG.UTF8, new TextEncoder().encode(text));

// UTF-16, most significant byte first, as PKCS#12 wants names and passwords.
export function utf16(text) {
	const bytes = new Uint8Array(text.length * 2);
	for (let i = 0; i < text.length; i++) {
		bytes[2 * i] = text.charCodeAt(i) >> 8;
		bytes[2 * i + 1] = text.charCodeAt(i) & 255;
	}
	return bytes;
}

export const bmp = (text) => tlv(TAG.BMP, utf16(text));

// One element at an offset: { tag, value, whole, end }.  A length that is not
// said (X.690, 8.1.3.6) ends at the two zero bytes that follow the contents.
export function read(bytes, at = 0) {
	if (at + 2 > bytes.length)
		throw new RangeError("ASN.1: cut off");
	const tag = bytes[at];
	if ((tag & 31) === 31)
		throw new RangeError("ASN.1: a tag of several bytes");
	let first = at + 2;
	let n = bytes[at + 1];
	if (n === 0x80)
		return readUntilEnd(bytes, at, first);
	if (n > 0x80) {
		const size = n & 0x7f;
		if (size > 4 || first + size > bytes.length)
			throw new RangeError("ASN.1: a length that cannot be");
		n = 0;
		for (let i = 0; i < size; i++)
			n = n * 256 + bytes[first + i];
		first += size;
	}
	if (first + n > bytes.length)
		throw new RangeError("ASN.1: cut off");
	return { tag, value: bytes.subarray(first, first + n),
	    whole: bytes.subarray(at, first + n), end: first + n };
}

function readUntilEnd(bytes, at, first) {
	if ((bytes[at] & 0x20) === 0)
		throw new RangeError("ASN.1: no length");
	let next = first;
	while (bytes[next] !== 0 || bytes[next + 1] !== 0)
		next = read(bytes, next).end;
	return { tag: bytes[at], value: bytes.subarray(first, next),
	    whole: bytes.subarray(at, next + 2), end: next + 2 };
}

export function children(value) {
	const all = [];
	for (let at = 0; at < value.length; at = all.at(-1).end)
		all.push(read(value, at));
	return all;
}

// The members of something that must have this tag.
export function inside(element, tag = TAG.SEQUENCE) {
	if (element?.tag !== tag)
		throw new RangeError(`ASN.1: tag ${element?.tag}, not ${tag}`);
	return children(element.value);
}

// An OCTET STRING, even in pieces (X.690, 8.7.3); other is an implicit tag.
export function octetsOf(element, other = TAG.OCTETS) {
	if (element?.tag === other || element?.tag === TAG.OCTETS)
		return element.value;
	if (element?.tag !== (other | 0x20) && element?.tag !== (TAG.OCTETS | 0x20))
		throw new RangeError("ASN.1: no OCTET STRING");
	return concat(...children(element.value).map((c) => octetsOf(c)));
}

export function numberOf(element) {
	if (element?.tag !== TAG.INTEGER || element.value.length > 6)
		throw new RangeError("ASN.1: no small INTEGER");
	return element.value.reduce((n, b) => n * 256 + b, 0);
}

export function oidOf(element) {
	if (element?.tag !== TAG.OID)
		throw new RangeError("ASN.1: no OBJECT IDENTIFIER");
	const arcs = [];
	let arc = 0n;
	for (const b of element.value) {
		arc = arc << 7n | BigInt(b & 127);
		if (b & 0x80)
			continue;
		if (arcs.length === 0) {
			const first = arc < 80n ? arc / 40n : 2n;
			arcs.push(first, arc - first * 40n);
		} else
			arcs.push(arc);
		arc = 0n;
	}
	return arcs.join(".");
}
