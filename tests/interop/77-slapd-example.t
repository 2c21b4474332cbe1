#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example configuration of slapd, with more in it than Signet writes: what
# the world reads, finds, compares and changes, how much at once and for how
# long.
# Runs with --full only.
. "${srcdir:-.}/tests/integration/tap.sh"
. "$srcdir/tests/lib/slapd.sh"

# One entry with all sorts of attributes, a list of a megabyte a hundred and
# twenty times, and more people than a search without an index may look at.
index() {
	i=0
	while [ $i -lt 30000 ]; do
		i=$((i + 1))
		printf 'R\t300101000000Z\t260101000000Z\t%08X\tunknown\t/CN=%d\n' \
		    $i $i
	done
}
a_list() {
	mkdir "$tmp/ca" && index >"$tmp/ca/index" && echo 01 >"$tmp/ca/number" &&
	cat >"$tmp/ca/conf" <<-E
	[ ca ]
	default_ca = it
	[ it ]
	database = $tmp/ca/index
	crlnumber = $tmp/ca/number
	default_md = sha256
	E
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$tmp/ca/key" -out "$tmp/ca/cert" -subj /CN=CA \
	    -addext keyUsage=critical,cRLSign,keyCertSign -days 2 2>/dev/null &&
	openssl ca -config "$tmp/ca/conf" -gencrl -crldays 1 -cert "$tmp/ca/cert" \
	    -keyfile "$tmp/ca/key" 2>/dev/null | openssl crl -outform DER \
	    -out "$tmp/ca/list"
}
someone() {
	cat <<-E
	dn: uid=someone,ou=people,$ldap_base
	objectClass: inetOrgPerson
	objectClass: pkiUser
	uid: someone
	cn: Some One
	sn: One
	mail: someone@example.org
	userPassword: secret
	telephoneNumber: +46 8 123
	homePhone: +46 8 124
	postalAddress: Street 1
	employeeNumber: 4711
	description: a description
	manager: uid=someone,ou=people,$ldap_base
	userCertificate;binary:< file://$tmp/ca/cert.der
	userSMIMECertificate:< file://$tmp/ca/cert.der

	dn: cn=whole,ou=PKI,$ldap_base
	objectClass: cRLDistributionPoint
	objectClass: pkiCA
	objectClass: deltaCRL
	cn: whole
	cACertificate;binary:< file://$tmp/ca/cert.der
	certificateRevocationList;binary:< file://$tmp/ca/small
	authorityRevocationList;binary:< file://$tmp/ca/small
	deltaRevocationList;binary:< file://$tmp/ca/small

	E
}
content() {
	cat <<-E
	dn: $ldap_base
	objectClass: domain
	dc: example

	dn: ou=people,$ldap_base
	objectClass: organizationalUnit
	ou: people

	dn: ou=PKI,$ldap_base
	objectClass: organizationalUnit
	ou: PKI

	E
	someone
	awk -v base="$ldap_base" -v list="$tmp/ca/list" 'BEGIN {
	    for (i = 1; i <= 120; i++)
		printf "dn: cn=ca%d,ou=PKI,%s\nobjectClass: pkiCA\n" \
		    "objectClass: cRLDistributionPoint\ncn: ca%d\n" \
		    "certificateRevocationList;binary:< file://%s\n\n", i,
		    base, i, list
	    for (i = 1; i <= 20100; i++)
		printf "dn: uid=p%d,ou=people,%s\nobjectClass: inetOrgPerson\n" \
		    "uid: p%d\ncn: P %d\nsn: P%d\nmail: p%d@example.org\n\n",
		    i, base, i, i, i, i }'
}
load() {
	openssl x509 -in "$tmp/ca/cert" -outform DER -out "$tmp/ca/cert.der" &&
	: >"$tmp/ca/index" && openssl ca -config "$tmp/ca/conf" -gencrl \
	    -crldays 1 -cert "$tmp/ca/cert" -keyfile "$tmp/ca/key" 2>/dev/null |
	    openssl crl -outform DER -out "$tmp/ca/small" &&
	content | slapadd -q -F "$tmp/ldap/conf" -b "$ldap_base"
}
ok 'a large list' a_list
slapd_configure "$tmp/ldap" >"$tmp/out" 2>&1
ok 'a directory is filled' load || { done_testing; exit 1; }
slapd_start "$tmp/ldap"
world=ldap://127.0.0.1:$ldap_port
export found_at="$world"
attributes() {
	sed -n 's/^\([A-Za-z;]*\):.*/\1/p' | sort -u | tr '\n' ' '
}
everything() {
	found "$1" base '(objectClass=*)' '*' + | attributes
}

# What is read (S007, S085, E059).
one=uid=someone,ou=people,$ldap_base
is 'the publisher sees all that there is' "$(found_by_publisher "$one" base \
    '(objectClass=*)' | attributes)" "cn description dn employeeNumber \
homePhone mail manager objectClass postalAddress sn telephoneNumber uid \
userCertificate;binary userPassword userSMIMECertificate "
is 'the world reads name, address and certificate of a person' \
    "$(everything "$one")" 'cn dn mail sn userCertificate;binary '
is '... certificates and lists of a CA' \
    "$(everything "cn=whole,ou=PKI,$ldap_base")" \
    "authorityRevocationList;binary cACertificate;binary \
certificateRevocationList;binary cn deltaRevocationList;binary dn "
is '... of the base not a thing' "$(everything "$ldap_base")" 'dn '
for filter in 'telephoneNumber=*' 'telephoneNumber=+46 8 123' \
    'employeeNumber=4711' 'description=*' "manager=$one" 'userPassword=*' \
    'creatorsName=*' 'modifyTimestamp>=20000101000000Z' \
    '!(telephoneNumber=*)' '&(uid=someone)(!(homePhone=1))'; do
	is "nobody is found by ($filter)" "$(found "$ldap_base" sub "($filter)" \
	    1.1 | grep -c '^dn: ')" 0
done
for what in telephoneNumber:'+46 8 123' employeeNumber:4711 \
    userPassword:secret; do
	not "nobody compares $what" sh -c "ldapcompare -x -H $world '$one' \
	    '$what' | grep -E 'TRUE|FALSE'"
done
is 'who has a password cannot show it' "$(ldapwhoami -x -H "$world" -D "$one" \
    -w secret 2>&1)" 'ldap_bind: Invalid credentials (49)'
# Nor does a name without a password make anybody more.
is 'nobody is the publisher by his word' "$(ldapwhoami -x -H "$world" \
    -D "cn=publisher,$ldap_base" -w '' 2>&1 | head -n 1)" \
    'ldap_bind: Server is unwilling to perform (53)'
for base in cn=config cn=monitor; do
	is "$base is not there" "$(found "$base" sub '(objectClass=*)' |
	    grep -c '^dn: ')" 0
done
is 'what the server can do is' "$(found '' base '(objectClass=*)' \
    namingContexts | sed -n 's/^namingContexts: //p')" "$ldap_base"
ok '... and its schema' sh -c "ldapsearch -x -LLL -H $world -s base \
    -b cn=subschema '(objectClass=*)' attributeTypes | grep -q pkiUser ||
    ldapsearch -x -LLL -H $world -s base -b cn=subschema '(objectClass=*)' \
    objectClasses | grep -q pkiUser"

# What is changed.
changes() {
	printf '%s\n' "$@" | ldapmodify -x -H "$world" 2>&1
}
says 'modifications require authentication' changes "dn: $one" \
    'changetype: modify' 'replace: mail' 'mail: other@example.org'
says 'modifications require authentication' changes \
    "dn: uid=new,ou=people,$ldap_base" 'changetype: add' \
    'objectClass: inetOrgPerson' 'cn: New' 'sn: New'
says 'modifications require authentication' changes "dn: $one" \
    'changetype: modrdn' 'newrdn: uid=nobody' 'deleteoldrdn: 1'
says 'only authenticated users may change passwords' ldappasswd -x -H "$world" -s new \
    "$one"

# How much.
entries() {
	found "$@" | grep -c '^dn: '
}
is 'a hundred at the most' "$(entries "$ldap_base" sub '(cn=P 12*)' 1.1)" 100
says 'Size limit exceeded (4)' found "$ldap_base" sub '(cn=P 12*)' 1.1
is '... also when more are asked for' \
    "$(entries "$ldap_base" sub -z 5000 '(cn=P 12*)' 1.1)" 100
is '... or no limit' "$(entries "$ldap_base" sub -z none '(cn=P 12*)' 1.1)" 100
is '... or page by page' "$(entries "$ldap_base" sub -E pr=40/noprompt \
    '(cn=P 12*)' 1.1)" 100
is '... or fewer' "$(entries "$ldap_base" sub -z 7 '(cn=P 12*)' 1.1)" 7
# The filter's attribute has no index that would narrow 20,000 entries down.
says 'Administrative limit exceeded (11)' found "$ldap_base" sub \
    '(userCertificate=*)' 1.1
is 'the publisher has no limit' "$(found_by_publisher "$ldap_base" sub \
    '(cn=*)' 1.1 | grep -c '^dn: ')" 20222

# How long: who reads slowly, so that the server has to wait before it goes on,
# has ten seconds.  The publisher has as many as it needs.
slowly() {
	"$@" -b "ou=PKI,$ldap_base" '(cn=ca*)' certificateRevocationList 2>&1 |
	    { sleep 12; cat; } | awk '/^dn: /{ n++ } /limit exceeded/{ print }
	    END { print n }'
}
slowly ldapsearch -x -LLL -H "$world" >"$tmp/slow" &
slow=$!
slowly ldapsearch -Q -Y EXTERNAL -LLL -H "$ldapi" >"$tmp/publisher"
wait "$slow"
is 'a search ends after ten seconds' "$(head -n 1 "$tmp/slow")" \
    'Time limit exceeded (3)'
ok '... before its hundred entries' [ "$(tail -n 1 "$tmp/slow")" -lt 100 ]
is '... but not that of the publisher' "$(cat "$tmp/publisher")" 120
done_testing
