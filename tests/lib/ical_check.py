# SPDX-License-Identifier: Apache-2.0
"""A calendar as somebody else's program reads it.

    ical_check.py FILE      per event: UID, start, category, days, alarms, summary

It ends with a status when a rule of RFC 5545 is broken that readers forgive.
"""
import datetime
import sys

import icalendar

data = open(sys.argv[1], "rb").read()
if not data.endswith(b"\r\n") or b"\n" in data.replace(b"\r\n", b""):
    sys.exit("a line does not end with CR LF")
for line in data.split(b"\r\n"):
    if len(line) > 75:
        sys.exit("a line has %d octets" % len(line))
    line.decode("utf-8")

calendar = icalendar.Calendar.from_ical(data)
for name in "VERSION", "PRODID":
    if name not in calendar:
        sys.exit("no " + name)
seen = set()
for event in calendar.walk("VEVENT"):
    if event.errors:
        sys.exit("event: %r" % event.errors)
    uid = str(event["UID"])
    if uid in seen:
        sys.exit("UID twice: " + uid)
    seen.add(uid)
    if event["DTSTAMP"].dt.utcoffset() != datetime.timedelta(0):
        sys.exit("DTSTAMP is not UTC")
    start = event["DTSTART"].dt
    days = (event["DTEND"].dt - start).days if "DTEND" in event else 0
    category = event["CATEGORIES"]
    category = b"".join(category.to_ical().splitlines()).decode()
    alarms = event.walk("VALARM")
    for alarm in alarms:
        if alarm["ACTION"] != "DISPLAY" or "DESCRIPTION" not in alarm:
            sys.exit("an alarm shows nothing")
        alarm["TRIGGER"].dt
    print("\t".join((uid, start.isoformat(), category, str(days),
                     str(len(alarms)), str(event["SUMMARY"]))))
