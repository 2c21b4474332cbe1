/* SPDX-License-Identifier: Apache-2.0 */
/* Between a card and vsmartcard's reader. */
#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>
#include "pivcard.h"

/* The virtual reader sends length and message apart; an acknowledgement that
 * waits for company would cost 40 ms each time. */
int
pivcard_receive(int fd, uint8_t *p, size_t n)
{
	ssize_t	 got;

	for (; n > 0; p += got, n -= (size_t)got) {
		if (setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &(int){ 1 },
		    sizeof(int)) == -1 || (got = recv(fd, p, n, 0)) <= 0)
			return -1;
	}
	return 0;
}

int
pivcard_reply(int fd, const uint8_t *p, size_t n)
{
	struct buf	 out = { 0 };
	ssize_t		 sent;

	buf_byte(&out, n >> 8 & 0xff);
	buf_byte(&out, n & 0xff);
	buf_add(&out, p, n);
	sent = send(fd, out.p, out.len, MSG_NOSIGNAL);
	buf_clear(&out);
	return sent == (ssize_t)(n + 2) ? 0 : -1;
}

/* Into the reader; -1 as long as there is none. */
int
pivcard_go_in(int port)
{
	struct sockaddr_in	 sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int			 fd = socket(AF_INET, SOCK_STREAM, 0);

	pivcard_must(fd != -1, "make a socket");
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0)
		return fd;
	close(fd);
	return -1;
}
