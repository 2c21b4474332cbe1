#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What somebody who gets at the root's directory, its custodians or what is
# brought to it can do: be refused, or be seen by replay.
. "${srcdir:-.}/tests/integration/tap.sh"
# shellcheck source=tests/lib/root.sh
. "$srcdir/tests/lib/root.sh"
cd "$tmp" || exit 1

ok 'a root is made' new_root good
csr people
ok 'a CA is certified' signet-root certify --dir good $profiles --yes $two \
    --csr people.csr --name people
ok 'a CRL is signed' signet-root crl --dir good --yes $two
ok 'replay proves it' signet-root replay --dir good

# The head, as somebody would write it down.
head_of() {
	signet-root show --dir "$1" --json | python3 -c '
import json, sys; t = json.load(sys.stdin)["transcript"]
print("%d:%s" % (t["seq"], t["hash"]))'
}
head=$(head_of good)

# fresh - an untouched copy in D
fresh() {
	rm -rf D
	cp -a good D
}
# same - nothing in D was changed by what was refused
same() {
	ok '...and nothing is changed' diff -r -x lock good D
}
crl() { signet-root crl --dir D --yes "$@"; }
ann='--custodian ann=file:ann.pass'

# Unlocking.
fresh
exits 3 'one custodian too few is refused' crl $ann
said '2 custodians are needed, 1 unlocked a share'
same
exits 3 'a wrong passphrase is refused' crl $ann --custodian cy=file:bo.pass
said 'custodian cy: wrong passphrase'
same
exits 3 'one custodian twice is still one' crl $ann $ann
said '2 custodians are needed, 1 unlocked'
exits 2 'somebody else is no custodian' crl $ann --custodian eve=file:ann.pass
said 'no custodian of this key has that name'
same
ok 'another root is made by the same people' new_root other
cp other/shares/cy.share D/shares/cy.share
exits 3 'a share of another root is refused' crl $two
said 'share of another root'
cp good/shares/bo.share D/shares/cy.share
exits 3 'a share of another custodian is refused' crl $two
said 'it is the share of bo'
sed 's/^Share: 2/Share: 3/' good/shares/cy.share >D/shares/cy.share
exits 3 'a share with another number is refused' crl $two
said 'wrong passphrase, or the share was changed'
rm D/shares/cy.share
exits 4 'a share that is away is asked for' crl $two
said 'put the share of cy there'
ok '...which replay does not mind' signet-root replay --dir D
said 'file shares/cy.share: away'
chmod 644 cy.pass
fresh
exits 7 'a passphrase that others can read is refused' crl $two
chmod 600 cy.pass
same

# The clock, in a build whose clock can travel.
if SIGNET_CLOCK_OFFSET=-864000 signet-root show --dir good |
    grep -q 'in 7309 days'; then
	exits 3 'a clock that went backwards is refused' \
	    env SIGNET_CLOCK_OFFSET=-86400 signet-root crl --dir D --yes $two
	said 'but the last entry of the transcript is of'
	same
	ok '...unless that is confirmed' env SIGNET_CLOCK_OFFSET=-3600 \
	    signet-root crl --dir D --yes $two --accept-clock
	ok '...which the transcript says' sh -c '
	    cut -d" " -f3 D/transcript | while read -r b; do
		echo "$b" | base64 -d; done | grep -q "^clock=confirmed"'
fi

# The same request again.
fresh
certify() { signet-root certify --dir D $profiles --yes $two "$@"; }
exits 5 'a replayed request is refused' certify --csr people.csr --name people
said 'this request was certified in ceremony 2 already'
same
ok '...unless there is a reason' certify --csr people.csr --name people \
    --again 'longer life'
printf 'not a request' >bad.csr
exits 2 'a malformed request is refused' certify --csr bad.csr --name bad
said 'bad.csr: '
openssl req -new -newkey rsa:2048 -nodes -keyout weak.key -subj /CN=weak \
    -out weak.csr 2>/dev/null
exits 3 'a weak key is refused' certify --csr weak.csr --name weak
exits 2 'an unknown usage is refused' certify --csr people.csr --name people \
    --again x --ext-key-usage everything
ok 'it is still proven' signet-root replay --dir D

# Parcels that come in are signed and their numbers rise.
pack() {
	# number, packer's key and certificate, request
	{
		printf 'signet-parcel 1\nnumber=%s\nroot=%s\n' "$1" \
		    "$(openssl x509 -in D/root.pem -noout -pubkey |
			openssl pkey -pubin -outform DER |
			sha256sum | cut -d' ' -f1)"
		printf 'at=2026-01-01T00:00:00Z\nwhat=request\n\n'
		printf 'file=request.csr\nsize=%s\nsha256=%s\n' \
		    "$(stat -c %s "$3")" "$(sha256sum <"$3" | cut -d' ' -f1)"
		base64 -w 76 "$3"
		echo
	} >parcel.txt
	openssl cms -sign -binary -nodetach -md sha256 -in parcel.txt \
	    -signer "$2.pem" -inkey "$2.key" -outform PEM -out "$1.parcel"
}
fresh
cp D/issued/0002-people.pem people.pem
csr second
csr third
pack 7 people second.csr
ok 'a request in a parcel of a CA is taken' certify --csr 7.parcel --name second
pack 7 people third.csr
exits 5 'the same number again is refused' certify --csr 7.parcel --name third
said 'is a replay'
pack 8 people third.csr
ok 'the next is taken' certify --csr 8.parcel --name third
openssl req -x509 -key third.key -subj /CN=eve -out eve.pem 2>/dev/null
cp third.key eve.key
csr fourth
pack 9 eve fourth.csr
exits 3 'a parcel of a stranger is refused' certify --csr 9.parcel --name fourth
said 'packer is not trusted'
ok 'the first CA is revoked' signet-root revoke --dir D --yes $two \
    --target people --reason superseded
pack 10 people fourth.csr
exits 3 'a parcel of a revoked CA is refused' \
    certify --csr 10.parcel --name fourth
said 'neither a CA of this root nor a security officer'

# What replay sees, and what the next ceremony sees before it signs.
seen() {
	exits 3 "$1 is seen by replay" signet-root replay --dir D
	said "$2"
}
fresh
awk 'NR == 3 { $3 = substr($3, 1, 40) "AAAA" substr($3, 45) } 1' \
    good/transcript >D/transcript
seen 'a changed line of the transcript' 'transcript line 3: '
exits 3 '...and by the next ceremony' crl $two
said 'transcript line 3: '
fresh
sed 3d good/transcript >D/transcript
seen 'a missing line of the transcript' 'transcript line 3: the hash'
fresh
head -n 4 good/transcript >D/transcript
seen 'a transcript cut short' 'there are more heads than ceremonies'
exits 3 '...and by the next ceremony' crl $two
fresh
head -c -1 good/transcript >D/transcript
seen 'a torn transcript' 'transcript line 6: cut short'
fresh
rm -rf D/transcript* D/index D/issued D/crl D/root.pem D/root.key
cp -a other/transcript* other/index other/issued other/crl other/root.pem \
    other/root.key D
seen 'another transcript' 'file out/parcel-0001-init.pem: changed'
fresh
python3 - <<'P'
t = open("D/transcript.heads.pem").read().split("-----END CMS-----\n")
open("D/transcript.heads.pem", "w").write("-----END CMS-----\n".join(t[:2] + [""]))
P
seen 'a missing head' 'head of ceremony 3'
fresh
cp other/transcript.heads.pem D
seen 'a head by another root' 'head of ceremony 1'
exits 3 '...and by the next ceremony' crl $two
said 'not signed by this root'
fresh
rm D/issued/0002-people.pem
seen 'a deleted certificate' 'file issued/0002-people.pem: missing'
fresh
cp D/root.pem D/issued/0002-people.pem
seen 'an exchanged certificate' 'file issued/0002-people.pem: changed'
said 'certificate 0002, people: another serial number'
fresh
printf x >>D/crl/0002.crl
seen 'a changed CRL' 'file crl/0002.crl: changed'
fresh
sed 's/ good - -$/ revoked keyCompromise 2026-01-01T00:00:00Z/' \
    good/index >D/index
seen 'a changed index' 'file index: changed'
exits 3 '...and by the next ceremony' crl $two
said 'the index is not what the transcript says'
fresh
sed 's/^threshold = 2/cdp = [ "http:\/\/evil.example\/" ];\n&/' \
    good/inputs/0001.conf >D/inputs/0001.conf
seen 'a changed setting' 'file inputs/0001.conf: changed'
exits 3 '...and by the next ceremony' crl $two
said 'inputs/0001.conf is not what the transcript says'
fresh
echo 'verb = "crl";' >D/inputs/0003.conf
seen 'a changed ceremony file' 'file inputs/0003.conf: changed'
fresh
cp D/issued/0002-people.pem D/issued/0003-people.pem
seen 'a certificate that no ceremony made' \
    'issued/0003-people.pem: the transcript does not know it'
fresh
rm D/root.key
seen 'a missing key' 'file root.key: missing'
fresh
cp other/root.key D/root.key
exits 3 'the key of another root does not open' crl $two

# Going back to an older copy cannot be seen inside, but by a note of it.
fresh
ok 'the head that was written down is there' \
    signet-root replay --dir D --expect "$head"
ok 'another CRL is signed' crl $two
later=$(head_of D)
fresh
exits 3 'an older copy lacks a later head' \
    signet-root replay --dir D --expect "$later"
said 'it was cut or replaced'
ok 'replay speaks JSON' sh -c '
    signet-root replay --dir good --json | python3 -c "import json, sys
assert json.load(sys.stdin)[\"ok\"]"'
exits 7 'a directory without a root is named' signet-root show --dir "$tmp"
said 'there is no root here'
done_testing
