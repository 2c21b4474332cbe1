/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "base/text.h"
#include "x509/script.h"

#define MARKS_MAX	3	/* combining marks on one letter */

enum script {
	SCRIPT_NONE,		/* not a character for names */
	COMMON,			/* of no script: ends a word */
	INNER,			/* of no script: stays inside of one */
	MARK,
	LATIN, GREEK, CYRILLIC, ARMENIAN, HEBREW, ARABIC, SYRIAC, THAANA,
	NKO, DEVANAGARI, BENGALI, GURMUKHI, GUJARATI, ORIYA, TAMIL, TELUGU,
	KANNADA, MALAYALAM, SINHALA, THAI, LAO, TIBETAN, MYANMAR, GEORGIAN,
	HANGUL, ETHIOPIC, CHEROKEE, KHMER, MONGOLIAN, HAN, HIRAGANA, KATAKANA,
	BOPOMOFO, SCRIPT__MAX
};
static const char *const names[SCRIPT__MAX] = {
	"no", "common", "common", "common", "Latin", "Greek", "Cyrillic",
	"Armenian", "Hebrew", "Arabic", "Syriac", "Thaana", "N'Ko",
	"Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil",
	"Telugu", "Kannada", "Malayalam", "Sinhala", "Thai", "Lao", "Tibetan",
	"Myanmar", "Georgian", "Hangul", "Ethiopic", "Cherokee", "Khmer",
	"Mongolian", "Han", "Hiragana", "Katakana", "Bopomofo",
};

/* By code point, ascending.  What is in no row is refused: private use,
 * compatibility forms (full width, mathematical letters, ligatures), symbols,
 * spaces that are none, and what only changes how others are shown. */
static const struct {
	uint32_t	 from, to;
	enum script	 script;
} ranges[] = {
	{ 0x20, 0x26, COMMON }, { 0x27, 0x27, INNER }, { 0x28, 0x2f, COMMON },
	{ 0x30, 0x39, INNER }, { 0x3a, 0x40, COMMON }, { 0x41, 0x5a, LATIN },
	{ 0x5b, 0x60, COMMON }, { 0x61, 0x7a, LATIN }, { 0x7b, 0x7e, COMMON },
	{ 0xa1, 0xa9, COMMON }, { 0xaa, 0xaa, LATIN }, { 0xab, 0xac, COMMON },
	{ 0xae, 0xb9, COMMON }, { 0xba, 0xba, LATIN }, { 0xbb, 0xbf, COMMON },
	{ 0xc0, 0xd6, LATIN }, { 0xd7, 0xd7, COMMON }, { 0xd8, 0xf6, LATIN },
	{ 0xf7, 0xf7, COMMON }, { 0xf8, 0x250, LATIN },
	/* Without the Latin alpha and script g: twins of a and g. */
	{ 0x252, 0x260, LATIN }, { 0x262, 0x2af, LATIN },
	{ 0x2b9, 0x2c8, INNER }, { 0x300, 0x333, MARK },
	/* Not 34f, a joiner, nor 334-338, which strike letters through. */
	{ 0x339, 0x34e, MARK }, { 0x350, 0x36f, MARK },
	{ 0x370, 0x373, GREEK }, { 0x376, 0x377, GREEK },
	{ 0x37b, 0x37d, GREEK }, { 0x37f, 0x37f, GREEK },
	{ 0x384, 0x386, GREEK }, { 0x388, 0x3ff, GREEK },
	{ 0x400, 0x481, CYRILLIC }, { 0x483, 0x487, MARK },
	{ 0x48a, 0x52f, CYRILLIC }, { 0x531, 0x58a, ARMENIAN },
	{ 0x591, 0x5f4, HEBREW }, { 0x606, 0x61b, ARABIC },
	{ 0x61d, 0x6dc, ARABIC }, { 0x6de, 0x6ff, ARABIC },
	{ 0x700, 0x70d, SYRIAC }, { 0x710, 0x74f, SYRIAC },
	{ 0x750, 0x77f, ARABIC }, { 0x780, 0x7b1, THAANA },
	{ 0x7c0, 0x7ff, NKO }, { 0x8a0, 0x8e1, ARABIC },
	{ 0x8e3, 0x8ff, ARABIC }, { 0x900, 0x97f, DEVANAGARI },
	{ 0x980, 0x9fe, BENGALI }, { 0xa01, 0xa76, GURMUKHI },
	{ 0xa81, 0xaff, GUJARATI }, { 0xb01, 0xb77, ORIYA },
	{ 0xb82, 0xbfa, TAMIL }, { 0xc00, 0xc7f, TELUGU },
	{ 0xc80, 0xcf3, KANNADA }, { 0xd00, 0xd7f, MALAYALAM },
	{ 0xd81, 0xdf4, SINHALA }, { 0xe01, 0xe5b, THAI },
	{ 0xe81, 0xedf, LAO }, { 0xf00, 0xfda, TIBETAN },
	{ 0x1000, 0x109f, MYANMAR }, { 0x10a0, 0x10ff, GEORGIAN },
	/* Not 115f and 1160, letters that are not seen. */
	{ 0x1100, 0x115e, HANGUL }, { 0x1161, 0x11ff, HANGUL },
	{ 0x1200, 0x1399, ETHIOPIC }, { 0x13a0, 0x13fd, CHEROKEE },
	{ 0x1780, 0x17b3, KHMER }, { 0x17b6, 0x17f9, KHMER },
	{ 0x1810, 0x18aa, MONGOLIAN }, { 0x1c80, 0x1c8a, CYRILLIC },
	{ 0x1c90, 0x1cbf, GEORGIAN }, { 0x1e00, 0x1eff, LATIN },
	{ 0x1f00, 0x1ffe, GREEK }, { 0x2010, 0x2011, COMMON },
	{ 0x2013, 0x2014, COMMON }, { 0x2018, 0x2018, COMMON },
	{ 0x2019, 0x2019, INNER }, { 0x201a, 0x201e, COMMON },
	{ 0x2026, 0x2026, COMMON }, { 0x20a0, 0x20c0, COMMON },
	{ 0x2116, 0x2116, COMMON }, { 0x2c60, 0x2c7f, LATIN },
	{ 0x2d00, 0x2d2d, GEORGIAN }, { 0x2d80, 0x2dde, ETHIOPIC },
	{ 0x2de0, 0x2dff, CYRILLIC }, { 0x3001, 0x3003, COMMON },
	{ 0x3005, 0x3007, HAN }, { 0x3008, 0x3011, COMMON },
	{ 0x3041, 0x3096, HIRAGANA }, { 0x3099, 0x309a, MARK },
	{ 0x309d, 0x309f, HIRAGANA }, { 0x30a1, 0x30fa, KATAKANA },
	{ 0x30fb, 0x30fc, INNER }, { 0x30fd, 0x30ff, KATAKANA },
	{ 0x3105, 0x312f, BOPOMOFO }, { 0x31a0, 0x31bf, BOPOMOFO },
	{ 0x31f0, 0x31ff, KATAKANA }, { 0x3400, 0x4dbf, HAN },
	{ 0x4e00, 0x9fff, HAN }, { 0xa640, 0xa66e, CYRILLIC },
	{ 0xa67e, 0xa69d, CYRILLIC }, { 0xa720, 0xa7ca, LATIN },
	{ 0xa960, 0xa97c, HANGUL }, { 0xab70, 0xabbf, CHEROKEE },
	{ 0xac00, 0xd7a3, HANGUL }, { 0xd7b0, 0xd7fb, HANGUL },
	{ 0x20000, 0x323af, HAN },
};
#define NRANGES	(sizeof(ranges) / sizeof(ranges[0]))

static enum script
script_of(uint32_t c)
{
	size_t	 lo = 0, hi = NRANGES, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (c < ranges[mid].from)
			hi = mid;
		else if (c > ranges[mid].to)
			lo = mid + 1;
		else
			return ranges[mid].script;
	}
	return SCRIPT_NONE;
}

/* Letters of other scripts that a reader takes for Latin ones; ascending. */
static const uint16_t twins[] = {
	0x37f,						/* Greek */
	0x391, 0x392, 0x395, 0x396, 0x397, 0x399, 0x39a, 0x39c, 0x39d, 0x39f,
	0x3a1, 0x3a4, 0x3a5, 0x3a7, 0x3b1, 0x3b9, 0x3ba, 0x3bd, 0x3bf, 0x3c1,
	0x3c5, 0x3c7, 0x3f2, 0x3f3, 0x3f9,
	0x405, 0x406, 0x408, 0x410, 0x412, 0x415, 0x41a, 0x41c, 0x41d, 0x41e,
	0x420, 0x421, 0x422, 0x423, 0x425, 0x430, 0x433, 0x435, 0x43a, 0x43e,
	0x440, 0x441, 0x443, 0x445, 0x455, 0x456, 0x458, 0x474, 0x475, 0x4ae,
	0x4af, 0x4bb, 0x4c0, 0x4cf, 0x501, 0x50c, 0x51a, 0x51b, 0x51c, 0x51d,
	0x54d, 0x54f, 0x555, 0x561, 0x563, 0x566, 0x570, 0x578, 0x57d, 0x581,
	0x582, 0x585,					/* Armenian */
};

static bool
is_twin(uint32_t c, enum script s)
{
	size_t	 i;

	if (s == CHEROKEE)
		return true;
	for (i = 0; i < sizeof(twins) / sizeof(twins[0]); i++)
		if (twins[i] >= c)
			return twins[i] == c;
	return false;
}

/* Written together: Japanese, Chinese and Korean. */
static bool
is_east(enum script s)
{
	return s == HAN || s == HIRAGANA || s == KATAKANA || s == BOPOMOFO ||
	    s == HANGUL;
}

struct reading {
	enum script	 word;		/* of the present word; NONE: no letter */
	bool		 twins;		/* all its letters are */
	size_t		 marks;		/* since the last letter */
	bool		 may_mark;	/* there is a letter to carry one */
	bool		 latin;		/* some word is Latin */
	enum script	 disguised;	/* some word is all twins: its script */
};

static void
end_word(struct reading *r)
{
	if (r->word == LATIN)
		r->latin = true;
	else if (r->word != SCRIPT_NONE && r->twins)
		r->disguised = r->word;
	r->word = SCRIPT_NONE;
	r->may_mark = false;
}

static int
add_letter(struct reading *r, uint32_t c, enum script s, struct error *e)
{
	bool	 twin = s != LATIN && is_twin(c, s);

	r->marks = 0;
	r->may_mark = true;
	if (r->word == SCRIPT_NONE) {
		r->word = s;
		r->twins = twin;
		return 0;
	}
	r->twins = r->twins && twin;
	if (r->word == s || (is_east(r->word) && is_east(s)))
		return 0;
	return error_set(e, ERROR_INPUT, "%s and %s letters in one word, which "
	    "may look like another (UTS #39, 5)", names[r->word], names[s]);
}

static int
add_mark(struct reading *r, uint32_t c, struct error *e)
{
	if (r->may_mark && ++r->marks <= MARKS_MAX)
		return 0;
	return error_set(e, ERROR_INPUT, "U+%04X: a combining mark %s", c,
	    r->may_mark ? "too many on one letter" : "without a letter");
}

static int
add_character(struct reading *r, uint32_t c, struct error *e)
{
	enum script	 s = script_of(c);

	switch (s) {
	case SCRIPT_NONE:
		if (c < 0x20 || (c >= 0x7f && c < 0xa0))
			return error_set(e, ERROR_INPUT, "U+%04X is a control "
			    "character", c);
		return error_set(e, ERROR_INPUT, "U+%04X is invisible, changes "
		    "the direction or looks like another: not for names", c);
	case COMMON:
		end_word(r);
		return 0;
	case INNER:
		return 0;
	case MARK:
		return add_mark(r, c, e);
	default:
		return add_letter(r, c, s, e);
	}
}

static bool
is_plain(const char *text, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

static int
read_text(struct reading *r, const char *text, size_t len, struct error *e)
{
	const uint8_t	*p = (const uint8_t *)text;
	uint32_t	 c;
	size_t		 n;

	for (; len > 0; p += n, len -= n) {
		if ((n = text_utf8(p, len, &c)) == 0)
			return error_set(e, ERROR_INPUT, "text is not UTF-8");
		if (add_character(r, c, e) == -1)
			return -1;
	}
	end_word(r);
	return 0;
}

static int
disguised(enum script s, struct error *e)
{
	return error_set(e, ERROR_INPUT, "a word of %s letters that looks "
	    "Latin (UTS #39, 4)", names[s]);
}

int
script_check(const char *text, size_t len, struct error *e)
{
	struct reading	 r = { SCRIPT_NONE, false, 0, false, false,
			    SCRIPT_NONE };

	if (is_plain(text, len))
		return 0;
	if (read_text(&r, text, len, e) == -1)
		return -1;
	return r.latin && r.disguised != SCRIPT_NONE ?
	    disguised(r.disguised, e) : 0;
}

int
script_check_label(const char *text, size_t len, struct error *e)
{
	struct reading	 r = { SCRIPT_NONE, false, 0, false, false,
			    SCRIPT_NONE };

	if (read_text(&r, text, len, e) == -1)
		return -1;
	return r.disguised != SCRIPT_NONE ? disguised(r.disguised, e) : 0;
}
