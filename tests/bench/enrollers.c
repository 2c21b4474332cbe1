/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enrollers: devices that enrol by EST, many at once, and how long it took.
 *
 *	enrollers [option]... DIR COUNT
 *
 *	-C FILE		the root
 *	-a PORT		of 127.0.0.1
 *	-H NAME		the server's name
 *	-p PATH		where to enrol
 *	-c CLIENTS	how many at once (32)
 *	-d DEVICES	how many there are (300): DIR/devI.key and DIR/devI.pem
 *
 * COUNT enrolments in turn by each device: simpleenroll with its certificate,
 * for a new key, on a connection of its own with a handshake in full.  Keys and
 * requests are made before.  An answer counts if its status is 200 and the
 * certificate in it has that key; that is looked at afterwards.  Printed: good
 * ones, seconds, CPU seconds of this program, median and 99th percentile in ms.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/ssl.h>

#include "base/mem.h"

#define ANSWER_MAX	16384
#define CLIENTS_MAX	256

struct device {
	EVP_PKEY	*key;
	X509		*cert;
};

struct enrolment {
	EVP_PKEY	*key;
	char		*request;	/* HTTP, whole */
	char		*answer;
	double		 ms;
};

struct load {
	SSL_CTX			*ctx;
	const char		*root, *path, *dir;
	char			*host;		/* OpenSSL's macro wants it so */
	int			 port;
	size_t			 clients, ndevices, n;
	struct device		*device;
	struct enrolment	*v;
	atomic_size_t		 next;
};

static void
die(const char *what)
{
	fprintf(stderr, "enrollers: %s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static double
seconds(clockid_t id)
{
	struct timespec	 t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Before. */

static void
device_load(struct load *l, size_t i)
{
	struct device	*d = &l->device[i];
	char		*pem = mem_printf("%s/dev%zu.pem", l->dir, i);
	char		*key = mem_printf("%s/dev%zu.key", l->dir, i);
	FILE		*f;

	if ((f = fopen(pem, "r")) == NULL ||
	    (d->cert = PEM_read_X509(f, NULL, NULL, NULL)) == NULL)
		die(pem);
	fclose(f);
	if ((f = fopen(key, "r")) == NULL ||
	    (d->key = PEM_read_PrivateKey(f, NULL, NULL, NULL)) == NULL)
		die(key);
	fclose(f);
	mem_free(&pem);
	mem_free(&key);
}

/* A name that its certificate has. */
static char *
request_body(const struct device *d, EVP_PKEY *key)
{
	X509_REQ	*req = X509_REQ_new();
	X509_NAME	*name = X509_NAME_new();
	char		 cn[65];
	unsigned char	*der = NULL, *text;
	int		 len = 0;

	if (req == NULL || name == NULL || X509_NAME_get_text_by_NID(
	    X509_get_subject_name(d->cert), NID_commonName, cn, sizeof(cn)) <=
	    0 || X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
	    (unsigned char *)cn, -1, -1, 0) != 1 ||
	    X509_REQ_set_subject_name(req, name) != 1 ||
	    X509_REQ_set_pubkey(req, key) != 1 ||
	    X509_REQ_sign(req, key, EVP_sha256()) <= 0 ||
	    (len = i2d_X509_REQ(req, &der)) <= 0)
		die("a request");
	text = mem_alloc((size_t)len * 4 / 3 + 8);
	EVP_EncodeBlock(text, der, len);
	OPENSSL_free(der);
	X509_NAME_free(name);
	X509_REQ_free(req);
	return (char *)text;
}

static void
enrolment_make(struct load *l, size_t i)
{
	char	*body;

	if ((l->v[i].key = EVP_EC_gen("P-256")) == NULL)
		die("a key");
	body = request_body(&l->device[i % l->ndevices], l->v[i].key);
	l->v[i].request = mem_printf("POST %s HTTP/1.1\r\nHost: %s:%d\r\n"
	    "Content-Type: application/pkcs10\r\nContent-Length: %zu\r\n"
	    "Connection: close\r\n\r\n%s", l->path, l->host, l->port,
	    strlen(body), body);
	mem_free(&body);
}

static void
load_prepare(struct load *l)
{
	size_t	 i;

	l->ctx = SSL_CTX_new(TLS_client_method());
	if (l->ctx == NULL ||
	    SSL_CTX_load_verify_locations(l->ctx, l->root, NULL) != 1)
		die(l->root);
	SSL_CTX_set_verify(l->ctx, SSL_VERIFY_PEER, NULL);
	l->device = mem_array(l->ndevices, sizeof(*l->device));
	for (i = 0; i < l->ndevices; i++)
		device_load(l, i);
	l->v = mem_array(l->n, sizeof(*l->v));
	for (i = 0; i < l->n; i++)
		enrolment_make(l, i);
}

/* Meanwhile. */

static int
tcp_open(int port)
{
	struct sockaddr_in	 to = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port) };
	int			 fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static char *
tls_ask(SSL *ssl, const char *request)
{
	char	*answer = mem_alloc(ANSWER_MAX + 1);
	size_t	 len = 0;
	int	 got;

	if (SSL_connect(ssl) != 1 ||
	    SSL_write(ssl, request, (int)strlen(request)) <= 0) {
		mem_free(&answer);
		return NULL;
	}
	while (len < ANSWER_MAX && (got = SSL_read(ssl, answer + len,
	    (int)(ANSWER_MAX - len))) > 0)
		len += (size_t)got;
	SSL_shutdown(ssl);
	return answer;
}

static void
enrol(struct load *l, size_t i)
{
	const struct device	*d = &l->device[i % l->ndevices];
	double			 begun = seconds(CLOCK_MONOTONIC);
	SSL			*ssl = SSL_new(l->ctx);
	int			 fd = tcp_open(l->port);

	if (ssl == NULL || SSL_use_certificate(ssl, d->cert) != 1 ||
	    SSL_use_PrivateKey(ssl, d->key) != 1 ||
	    SSL_set_tlsext_host_name(ssl, l->host) != 1 ||
	    SSL_set1_host(ssl, l->host) != 1 || SSL_set_fd(ssl, fd) != 1)
		die("a connection");
	l->v[i].answer = tls_ask(ssl, l->v[i].request);
	SSL_free(ssl);
	close(fd);
	ERR_clear_error();
	l->v[i].ms = (seconds(CLOCK_MONOTONIC) - begun) * 1000;
}

static void *
client(void *arg)
{
	struct load	*l = arg;
	size_t		 i;

	while ((i = atomic_fetch_add(&l->next, 1)) < l->n)
		enrol(l, i);
	return NULL;
}

static void
load_run(struct load *l)
{
	pthread_t	 id[CLIENTS_MAX];
	size_t		 i;

	for (i = 0; i < l->clients; i++)
		if (pthread_create(&id[i], NULL, client, l) != 0)
			die("a thread");
	for (i = 0; i < l->clients; i++)
		pthread_join(id[i], NULL);
}

/* Afterwards. */

static bool
has_key(const char *body, EVP_PKEY *key)
{
	BIO		*b64 = BIO_new(BIO_f_base64());
	BIO		*bio = BIO_push(b64, BIO_new_mem_buf(body, -1));
	PKCS7		*p7 = NULL;
	X509		*cert = NULL;
	bool		 has;

	BIO_set_flags(b64, strchr(body, '\n') == NULL ?
	    BIO_FLAGS_BASE64_NO_NL : 0);
	p7 = d2i_PKCS7_bio(bio, NULL);
	if (p7 != NULL && PKCS7_type_is_signed(p7))
		cert = sk_X509_value(p7->d.sign->cert, 0);
	has = cert != NULL && EVP_PKEY_eq(X509_get0_pubkey(cert), key) == 1;
	PKCS7_free(p7);
	BIO_free_all(bio);
	ERR_clear_error();
	return has;
}

static bool
is_good(const struct load *l, size_t i)
{
	const char	*answer = l->v[i].answer, *body;

	if (answer == NULL || strncmp(answer, "HTTP/1.1 200", 12) != 0 ||
	    (body = strstr(answer, "\r\n\r\n")) == NULL) {
		fprintf(stderr, "enrolment %zu: %.300s\n", i,
		    answer != NULL ? answer : "no answer");
		return false;
	}
	return has_key(body + 4, l->v[i].key);
}

static int
by_time(const void *a, const void *b)
{
	double	 x = ((const struct enrolment *)a)->ms;
	double	 y = ((const struct enrolment *)b)->ms;

	return (x > y) - (x < y);
}

static void
load_report(struct load *l, double wall, double cpu)
{
	size_t	 i, good = 0;

	for (i = 0; i < l->n; i++)
		good += is_good(l, i);
	qsort(l->v, l->n, sizeof(*l->v), by_time);
	printf("%zu %.3f %.3f %.0f %.0f\n", good, wall, cpu,
	    l->v[l->n / 2].ms, l->v[(l->n - 1) * 99 / 100].ms);
}

static int
options(struct load *l, int argc, char **argv)
{
	int	 c;

	l->clients = 32;
	l->ndevices = 300;
	while ((c = getopt(argc, argv, "C:H:a:c:d:p:")) != -1)
		switch (c) {
		case 'C': l->root = optarg; break;
		case 'H': l->host = optarg; break;
		case 'a': l->port = (int)strtol(optarg, NULL, 10); break;
		case 'c': l->clients = strtoul(optarg, NULL, 10); break;
		case 'd': l->ndevices = strtoul(optarg, NULL, 10); break;
		case 'p': l->path = optarg; break;
		default: return -1;
		}
	if (argc - optind != 2)
		return -1;
	l->dir = argv[optind];
	l->n = strtoul(argv[optind + 1], NULL, 10);
	return l->root != NULL && l->host != NULL && l->path != NULL &&
	    l->port > 0 && l->n > 0 && l->ndevices > 0 && l->clients > 0 &&
	    l->clients <= CLIENTS_MAX ? 0 : -1;
}

int
main(int argc, char **argv)
{
	struct load	 l = { 0 };
	double		 wall, cpu;
	size_t		 i;

	if (options(&l, argc, argv) == -1) {
		fprintf(stderr, "usage: enrollers -C FILE -H NAME -a PORT "
		    "-p PATH [-c CLIENTS] [-d DEVICES] DIR COUNT\n");
		return 2;
	}
	load_prepare(&l);
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	load_run(&l);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	load_report(&l, wall, cpu);
	for (i = 0; i < l.n; i++) {
		EVP_PKEY_free(l.v[i].key);
		mem_free(&l.v[i].request);
		mem_free(&l.v[i].answer);
	}
	for (i = 0; i < l.ndevices; i++) {
		X509_free(l.device[i].cert);
		EVP_PKEY_free(l.device[i].key);
	}
	mem_free(&l.v);
	mem_free(&l.device);
	SSL_CTX_free(l.ctx);
	return 0;
}
