// SPDX-License-Identifier: Apache-2.0
//
// What Java's PKIX takes certificates for.  In a directory that
// tests/lib/samples.sh has filled, with the lists of the three CAs in it:
//
//	java Takers.java CERT...	a line each: name, then what for
//
// With revocation; the chain ends at root.pem.  "policy:OID" is said of each
// policy without which the chain would not do (RFC 5280, 6.1.1 e).

import java.io.FileInputStream;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.CRL;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

public class Takers {
	private static final String EKU = "1.3.6.1.5.5.7.3.";
	private static final int SIGNS = 0, ENCIPHERS = 2, AGREES = 4;
	private static final String[] POLICIES = { "2.23.140.1.2.1",
	    "2.23.140.1.5.1.2", "2.23.140.1.5.1.3", "2.23.140.1.5.2.2",
	    "2.23.140.1.5.2.3", "2.23.140.1.5.3.2", "2.23.140.1.5.3.3",
	    "2.23.140.1.5.4.2", "2.23.140.1.5.4.3" };

	private final X509Certificate root;
	private final List<X509Certificate> cas = new ArrayList<>();
	private final CertStore store;
	private final X509TrustManager tls;

	public static void main(String[] args) throws Exception {
		Security.setProperty("ocsp.enable", "false");
		Takers takers = new Takers();
		for (String path : args) {
			X509Certificate cert = read(path);
			System.out.println(path.replaceAll("[.]pem$", "") +
			    takers.uses(cert));
		}
	}

	Takers() throws Exception {
		List<Object> all = new ArrayList<>();

		root = read("root.pem");
		for (String ca : List.of("people", "services")) {
			cas.add(read(ca + ".pem"));
		}
		all.addAll(cas);
		for (String ca : List.of("root", "people", "services")) {
			all.add(list(ca + ".crl"));
		}
		store = CertStore.getInstance("Collection",
		    new CollectionCertStoreParameters(all));
		tls = trustManager();
	}

	static X509Certificate read(String path) throws Exception {
		try (InputStream in = new FileInputStream(path)) {
			return (X509Certificate) CertificateFactory
			    .getInstance("X.509").generateCertificate(in);
		}
	}

	static CRL list(String path) throws Exception {
		try (InputStream in = new FileInputStream(path)) {
			return CertificateFactory.getInstance("X.509")
			    .generateCRL(in);
		}
	}

	X509TrustManager trustManager() throws Exception {
		KeyStore keys = KeyStore.getInstance("PKCS12");
		TrustManagerFactory factory =
		    TrustManagerFactory.getInstance("PKIX");

		keys.load(null, null);
		keys.setCertificateEntry("root", root);
		factory.init(keys);
		return (X509TrustManager) factory.getTrustManagers()[0];
	}

	String uses(X509Certificate cert) throws Exception {
		StringBuilder uses = new StringBuilder();

		say(uses, " sign", builds(cert, "4", SIGNS, null));
		say(uses, " encrypt", builds(cert, "4", ENCIPHERS, null) ||
		    builds(cert, "4", AGREES, null));
		say(uses, " login", builds(cert, "2", SIGNS, null) &&
		    shows(cert, false));
		say(uses, " server", builds(cert, "1", SIGNS, null) &&
		    shows(cert, true));
		say(uses, " code", builds(cert, "3", SIGNS, null));
		say(uses, " time", builds(cert, "8", SIGNS, null));
		say(uses, " answers", builds(cert, "9", SIGNS, null));
		for (String policy : POLICIES) {
			say(uses, " policy:" + policy,
			    builds(cert, null, -1, policy));
		}
		return uses.toString();
	}

	static void say(StringBuilder uses, String use, boolean is) {
		if (is) {
			uses.append(use);
		}
	}

	// A chain to the root, for an extended usage, a usage and a policy.
	boolean builds(X509Certificate cert, String eku, int usage,
	    String policy) throws Exception {
		X509CertSelector leaf = new X509CertSelector();

		leaf.setCertificate(cert);
		if (eku != null) {
			leaf.setExtendedKeyUsage(Set.of(EKU + eku));
		}
		if (usage >= 0) {
			boolean[] bits = new boolean[9];
			bits[usage] = true;
			leaf.setKeyUsage(bits);
		}
		PKIXBuilderParameters how = new PKIXBuilderParameters(
		    Set.of(new TrustAnchor(root, null)), leaf);
		how.addCertStore(store);
		if (policy != null) {
			how.setInitialPolicies(Set.of(policy));
			how.setExplicitPolicyRequired(true);
		}
		try {
			CertPathBuilder.getInstance("PKIX").build(how);
			return true;
		} catch (GeneralSecurityException e) {
			return false;
		}
	}

	// As one side of TLS shows it to the other.
	boolean shows(X509Certificate cert, boolean server) throws Exception {
		X509Certificate[] chain = { cert, null };
		String algorithm = cert.getPublicKey().getAlgorithm();

		for (X509Certificate ca : cas) {
			if (ca.getSubjectX500Principal().equals(
			    cert.getIssuerX500Principal())) {
				chain[1] = ca;
			}
		}
		if (chain[1] == null) {
			return false;
		}
		try {
			if (server) {
				tls.checkServerTrusted(chain, "ECDHE_" +
				    (algorithm.equals("EC") ? "ECDSA" : "RSA"));
			} else {
				tls.checkClientTrusted(chain, algorithm);
			}
			return true;
		} catch (GeneralSecurityException e) {
			return false;
		}
	}
}
