// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) without a promise for each call: the PKCS#12 key
// derivation wants a hundred thousand of them, one after the other, which
// would keep crypto.subtle.digest() busy for many seconds.

// The first 32 bits of the fractional parts of roots of primes (4.2.2, 5.3.3),
// reckoned rather than listed.
function fractions(n, root) {
	const primes = [];
	for (let p = 2; primes.length < n; p++)
		if (primes.every((q) => p % q !== 0))
			primes.push(p);
	return Uint32Array.from(primes, (p) => {
		const r = root(p);
		return (r - Math.floor(r)) * 2 ** 32;
	});
}

const K = fractions(64, Math.cbrt);
const START = fractions(8, Math.sqrt);
const W = new Uint32Array(64);

function compress(state, bytes, at) {
	for (let i = 0; i < 16; i++, at += 4)
		W[i] = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 |
		    bytes[at + 3];
	for (let i = 16; i < 64; i++) {
		const x = W[i - 15], y = W[i - 2];
		W[i] = W[i - 16] + W[i - 7] +
		    ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) +
		    ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
	}
	let [a, b, c, d, e, f, g, h] = state;
	for (let i = 0; i < 64; i++) {
		const t = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^
		    (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + K[i] + W[i] | 0;
		const u = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^
		    (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0;
		h = g; g = f; f = e; e = d + t | 0;
		d = c; c = b; b = a; a = t + u | 0;
	}
	state[0] += a; state[1] += b; state[2] += c; state[3] += d;
	state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

export function sha256(bytes) {
	const blocks = (bytes.length + 9 + 63) >> 6;
	const padded = new Uint8Array(blocks * 64);
	padded.set(bytes);
	padded[bytes.length] = 0x80;
	new DataView(padded.buffer).setUint32(padded.length - 4, bytes.length * 8);
	const state = Uint32Array.from(START);
	for (let at = 0; at < padded.length; at += 64)
		compress(state, padded, at);
	const digest = new DataView(new ArrayBuffer(32));
	state.forEach((word, i) => digest.setUint32(4 * i, word));
	return new Uint8Array(digest.buffer);
}

// SHA-256 of SHA-256 of ..., n times, in place: one block each.
export function sha256Again(digest, n) {
	const block = new Uint8Array(64);
	block[32] = 0x80;
	block[62] = 1;
	block.set(digest);
	const view = new DataView(block.buffer);
	const state = new Uint32Array(8);
	for (; n > 0; n--) {
		state.set(START);
		compress(state, block, 0);
		for (let i = 0; i < 8; i++)
			view.setUint32(4 * i, state[i]);
	}
	return block.slice(0, 32);
}
