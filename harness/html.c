#include "harness/html.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Pictures are black on white; turning them round keeps their greys apart on a dark page. */
static const char style[] =
    ":root{color-scheme:light dark;--line:#ccc;--soft:#666;--back:#fff;--text:#111;--band:#f4f4f4}\n"
    "@media(prefers-color-scheme:dark){:root{--line:#444;--soft:#aaa;--back:#161616;--text:#eee;--band:#222}\n"
    "figure svg{filter:invert(0.92) hue-rotate(180deg)}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:80rem;margin:2rem auto;padding:0 1rem;"
    "background:var(--back);color:var(--text)}\n"
    "h1{font-size:1.7rem}h2{font-size:1.3rem;margin-top:2.5rem;border-bottom:1px solid var(--line)}"
    "h3{font-size:1.05rem;margin-top:1.8rem}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.8rem;margin:.6rem 0}\n"
    "th,td{padding:.2rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}\n"
    "th{font-weight:600}tbody tr:nth-child(even){background:var(--band)}\n"
    "td.n{white-space:nowrap}.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "figure{margin:1rem 0}figure svg{width:100%;max-width:62rem;height:auto}\n"
    ".note{color:var(--soft);font-size:.9rem}\n"
    "@media print{body{max-width:none}figure,tr{break-inside:avoid}}\n";

void html_text(FILE *out, const char *text) {
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            /* No other control character is allowed in HTML. */
            fputc((unsigned char)*text < ' ' && *text != '\n' && *text != '\t' ? '?' : *text, out);
        }
    }
}

void html_begin(FILE *out, const char *title) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          out);
    html_text(out, title);
    fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
    html_text(out, title);
    fputs("</h1>\n", out);
}

void html_end(FILE *out) {
    fputs("</body>\n</html>\n", out);
}

void html_heading(FILE *out, int level, const char *text) {
    fprintf(out, "<h%d>", level);
    html_text(out, text);
    fprintf(out, "</h%d>\n", level);
}

void html_paragraph(FILE *out, const char *text) {
    fputs("<p class=\"note\">", out);
    html_text(out, text);
    fputs("</p>\n", out);
}

/* Whether the cells below a name are numbers, which stand at the right. */
static bool is_numeric(const table *t, int column) {
    bool some = false;
    for (int row = 0; row < table_rows(t); row++) {
        const char *text = t->cell[(row + 1) * t->columns + column];
        if (!*text || strcmp(text, "NA") == 0 || strcmp(text, "-") == 0)
            continue;
        if (!isdigit((unsigned char)*text) && !(*text == '-' && isdigit((unsigned char)text[1])))
            return false;
        some = true;
    }
    return some;
}

static void put_cell(FILE *out, const char *tag, bool numeric, const char *text) {
    fprintf(out, "<%s%s>", tag, numeric ? " class=\"n\"" : "");
    html_text(out, text);
    fprintf(out, "</%s>", tag);
}

static void put_row(FILE *out, const table *t, int line, const char *tag, const bool *numeric) {
    fputs("<tr>", out);
    for (int c = 0; c < t->columns; c++)
        put_cell(out, tag, numeric[c], t->cell[line * t->columns + c]);
    fputs("</tr>\n", out);
}

void html_table(FILE *out, const table *t, int most) {
    const int rows = table_rows(t);
    bool *numeric = calloc((size_t)t->columns + 1, sizeof *numeric);
    if (!numeric || t->columns == 0) {
        free(numeric);
        return;
    }
    for (int c = 0; c < t->columns; c++)
        numeric[c] = is_numeric(t, c);
    fputs("<div class=\"scroll\"><table>\n<thead>", out);
    put_row(out, t, 0, "th", numeric);
    fputs("</thead>\n<tbody>\n", out);
    for (int row = 0; row < rows && row < most; row++)
        put_row(out, t, row + 1, "td", numeric);
    fputs("</tbody>\n</table></div>\n", out);
    if (rows > most)
        fprintf(out, "<p class=\"note\">The first %d of %d rows.</p>\n", most, rows);
    free(numeric);
}

/* Identifiers and what refers to them, after which gnuplot's own names follow. */
static bool is_reference(const char *at, size_t *length) {
    static const char *const marks[] = {" id=\"", " id='", "url(#", "href=\"#", "href='#"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        *length = strlen(marks[i]);
        if (strncmp(at, marks[i], *length) == 0)
            return true;
    }
    return false;
}

void html_picture(FILE *out, const char *svg, int number, const char *shows) {
    const char *at = strstr(svg, "<svg");
    size_t length;
    if (!at)
        return;
    fputs("<figure role=\"img\" aria-label=\"", out);
    html_text(out, shows);
    fputs("\">\n", out);
    while (*at) {
        if (is_reference(at, &length)) {
            fprintf(out, "%.*sp%d-", (int)length, at, number);
            at += length;
        } else {
            fputc(*at++, out);
        }
    }
    fputs("</figure>\n", out);
}
