/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ical.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/text.h"

#define LINE_MAX_OCTETS	75	/* RFC 5545, 3.1: without the line's end */
#define DAY		86400

/* Long lines go on behind a space, and no character is cut. */
static void
put_line(struct buf *out, const char *line)
{
	size_t	 n, at = 0, left = strlen(line);
	uint32_t c;

	for (; left > 0; line += n, left -= n) {
		n = text_utf8((const uint8_t *)line, left, &c);
		if (n == 0)
			n = 1;
		if (at + n > LINE_MAX_OCTETS) {
			buf_str(out, "\r\n ");
			at = 1;
		}
		buf_add(out, line, n);
		at += n;
	}
	buf_str(out, "\r\n");
}

static void put(struct buf *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
put(struct buf *out, const char *fmt, ...)
{
	char	 line[128];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	put_line(out, line);
}

/* RFC 5545, 3.3.11; other control characters may not stand in a text. */
static void
put_text(struct buf *out, const char *name, const char *text)
{
	struct buf	 line = { 0 };
	const char	*p;

	if (text == NULL)
		return;
	buf_printf(&line, "%s:", name);
	for (p = text; *p != '\0'; p++) {
		if (*p == '\n')
			buf_str(&line, "\\n");
		else if ((unsigned char)*p < ' ' || *p == 0x7f)
			buf_byte(&line, '?');
		else {
			if (*p == '\\' || *p == ';' || *p == ',')
				buf_byte(&line, '\\');
			buf_byte(&line, (uint8_t)*p);
		}
	}
	put_line(out, buf_cstr(&line));
	buf_clear(&line);
}

/* "20261121T024948Z", or of a day "20261121". */
static const char *
moment(char dst[TEXT_TIME_SIZE], int64_t t, bool day)
{
	char	 iso[TEXT_TIME_SIZE];
	size_t	 n = 0;

	text_time(iso, t);
	for (const char *p = iso; *p != '\0' && !(day && *p == 'T'); p++)
		if (*p != '-' && *p != ':')
			dst[n++] = *p;
	dst[n] = '\0';
	return dst;
}

static void
put_alarm(struct buf *out, const char *summary, const char *trigger)
{
	put(out, "BEGIN:VALARM");
	put(out, "ACTION:DISPLAY");
	put_text(out, "DESCRIPTION", summary);
	put_line(out, trigger);
	put(out, "END:VALARM");
}

static void
put_alarms(struct buf *out, const struct ical_event *v)
{
	char	 trigger[64], t[TEXT_TIME_SIZE];

	if (v->alarm != 0) {
		snprintf(trigger, sizeof(trigger),
		    "TRIGGER;VALUE=DATE-TIME:%s", moment(t, v->alarm, false));
		put_alarm(out, v->summary, trigger);
	}
	if (v->alarm_before != 0) {
		snprintf(trigger, sizeof(trigger), "TRIGGER:-P%dD",
		    v->alarm_before);
		put_alarm(out, v->summary, trigger);
	}
}

void
ical_begin(struct buf *out, const char *name)
{
	put(out, "BEGIN:VCALENDAR");
	put(out, "VERSION:2.0");
	put(out, "PRODID:-//Signet//signet calendar//EN");
	put(out, "CALSCALE:GREGORIAN");
	put(out, "METHOD:PUBLISH");
	put_text(out, "X-WR-CALNAME", name);
}

void
ical_event(struct buf *out, const struct ical_event *v, int64_t made_at)
{
	char	 t[TEXT_TIME_SIZE];

	put(out, "BEGIN:VEVENT");
	put_text(out, "UID", v->uid);
	put(out, "DTSTAMP:%s", moment(t, made_at, false));
	if (v->days == 0)
		put(out, "DTSTART:%s", moment(t, v->start, false));
	else {
		put(out, "DTSTART;VALUE=DATE:%s", moment(t, v->start, true));
		put(out, "DTEND;VALUE=DATE:%s", moment(t, v->start +
		    (int64_t)v->days * DAY, true));
	}
	put_text(out, "SUMMARY", v->summary);
	put_text(out, "DESCRIPTION", v->description);
	put_text(out, "CATEGORIES", v->category);
	put(out, "TRANSP:TRANSPARENT");
	put_alarms(out, v);
	put(out, "END:VEVENT");
}

void
ical_end(struct buf *out)
{
	put(out, "END:VCALENDAR");
}
