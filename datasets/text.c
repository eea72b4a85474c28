/* Tables of numbers as text: cells between commas, semicolons, tabs or runs of blanks; an optional header line;
 * blank lines and lines that begin with '#' are skipped. */
#include "datasets/number.h"
#include "datasets/reader.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct text_line {
    const char *begin, *end; /* begin is NULL at the end of the file */
    int64_t number;          /* from 1 */
} text_line;

typedef struct text_cell {
    const char *begin, *end;
} text_cell;

typedef struct text_table {
    exk_input *input;
    const exk_load_options *options;
    exk_dataset *dataset;
    exk_error *error;
    int64_t line; /* lines read so far */
    /* The first two lines that are neither blank nor comments; begin is NULL where there is none. */
    text_line first, second;
    char *first_copy, *second_copy;
    bool has_header;
    char delimiter;  /* ',', ';', '\t', or ' ' for runs of blanks */
    int64_t cells;   /* in every row */
    int64_t *column; /* for each cell its column in the matrix, or -1 */
    int64_t columns; /* of the matrix */
    int64_t rows;
} text_table;

static const char *file_of(const text_table *table) {
    return exk_input_path(table->input);
}

static exk_status out_of_memory(const text_table *table) {
    return exk_file_error(table->error, EXK_ERR_MEMORY, file_of(table),
                          "no memory for the columns; use fewer columns");
}

/* A tab between tabs is a delimiter, elsewhere a blank. */
static bool is_blank(char c, char delimiter) {
    return c == ' ' || (c == '\t' && delimiter != '\t');
}

static bool ends_cell(char c, char delimiter) {
    return c == delimiter || (c == '\t' && delimiter == ' ');
}

static const char *skip_blanks(const char *p, const char *end, char delimiter) {
    while (p < end && is_blank(*p, delimiter)) {
        p++;
    }
    return p;
}

static const char *drop_blanks(const char *begin, const char *end, char delimiter) {
    while (end > begin && is_blank(end[-1], delimiter)) {
        end--;
    }
    return end;
}

/* The quote that closes the one before p; a doubled quote stands for itself. Returns end if there is none. */
static const char *closing_quote(const char *p, const char *end) {
    for (; p < end; p++) {
        if (*p == '"' && (p + 1 == end || p[1] != '"')) {
            return p;
        }
        p += *p == '"';
    }
    return end;
}

/* Take the cell at p: its content without blanks and quotes around it. Returns where the next one begins, or NULL
 * after the last. */
static const char *next_cell(const char *p, const char *end, char delimiter, text_cell *cell) {
    p = skip_blanks(p, end, delimiter);
    cell->begin = p;
    if (p < end && *p == '"') {
        p = closing_quote(p + 1, end);
    }
    while (p < end && !ends_cell(*p, delimiter)) {
        p++;
    }
    cell->end = drop_blanks(cell->begin, p, delimiter);
    if (cell->end - cell->begin >= 2 && *cell->begin == '"' && cell->end[-1] == '"') {
        cell->begin = skip_blanks(cell->begin + 1, cell->end - 1, delimiter);
        cell->end = drop_blanks(cell->begin, cell->end - 1, delimiter);
    }
    return p < end ? p + 1 : NULL;
}

static exk_number cell_number(const text_cell *cell, double *value) {
    return exk_number_parse(cell->begin, (size_t)(cell->end - cell->begin), value);
}

static bool is_numeric(const text_cell *cell) {
    double value;
    return cell_number(cell, &value) != EXK_NUMBER_NONE;
}

/* Take the next line that is neither blank nor a comment. */
static exk_status next_line(text_table *table, text_line *line) {
    size_t length;
    for (;;) {
        const exk_status status = exk_input_line(table->input, &line->begin, &length);
        if (status != EXK_OK || !line->begin) {
            return status;
        }
        line->number = ++table->line;
        line->end = line->begin + length;
        if (line->number == 1 && length >= 3 && memcmp(line->begin, "\xEF\xBB\xBF", 3) == 0) {
            line->begin += 3; /* a byte order mark, as some Windows programs write it */
        }
        const char *p = skip_blanks(line->begin, line->end, ',');
        if (p < line->end && *p != '#') {
            return EXK_OK;
        }
    }
}

/* The next line in memory of its own. */
static exk_status copy_next_line(text_table *table, text_line *line, char **copy) {
    const exk_status status = next_line(table, line);
    if (status != EXK_OK || !line->begin) {
        return status;
    }
    const size_t length = (size_t)(line->end - line->begin);
    *copy = malloc(length);
    if (!*copy) {
        return out_of_memory(table);
    }
    memcpy(*copy, line->begin, length);
    line->begin = *copy;
    line->end = *copy + length;
    return EXK_OK;
}

/* Blanks at the end of a line delimit nothing. */
static void trim(const text_table *table, text_line *line) {
    if (line->begin) {
        line->end = drop_blanks(line->begin, line->end, table->delimiter);
    }
}

/* The strongest delimiter outside quotes. A comma is the weakest but blanks: in "1,5<tab>2,5" it is a decimal one,
 * and such cells are then refused instead of being split. */
static char find_delimiter(const text_line *line) {
    static const char strongest_first[] = {';', '\t', ','};
    const char *p = skip_blanks(line->begin, line->end, ',');
    const char *end = drop_blanks(p, line->end, ',');
    bool seen[sizeof strongest_first] = {false};
    for (; p < end; p++) {
        if (*p == '"') {
            p = closing_quote(p + 1, end);
        }
        for (size_t i = 0; i < sizeof strongest_first && p < end; i++) {
            seen[i] = seen[i] || *p == strongest_first[i];
        }
    }
    for (size_t i = 0; i < sizeof strongest_first; i++) {
        if (seen[i]) {
            return strongest_first[i];
        }
    }
    return ' ';
}

/* The second line is surely data, whatever punctuation a header has; but if it is cut short, or a tab at its end
 * stands before an empty cell, the first tells more. */
static void choose_delimiter(text_table *table) {
    table->delimiter = table->second.begin ? find_delimiter(&table->second) : ' ';
    if (table->delimiter == ' ') {
        table->delimiter = find_delimiter(&table->first);
    }
}

static int64_t count_cells(const text_table *table, const text_line *line) {
    text_cell cell;
    int64_t count = 0;
    for (const char *p = line->begin; p; count++) {
        p = next_cell(p, line->end, table->delimiter, &cell);
    }
    return count;
}

/* The first line is a header if it has a word where the second has a number. */
static bool find_header(const text_table *table) {
    if (!table->second.begin) {
        return false;
    }
    const char *p = table->first.begin, *q = table->second.begin;
    while (p && q) {
        text_cell upper, lower;
        p = next_cell(p, table->first.end, table->delimiter, &upper);
        q = next_cell(q, table->second.end, table->delimiter, &lower);
        if (upper.begin < upper.end && !is_numeric(&upper) && is_numeric(&lower)) {
            return true;
        }
    }
    return false;
}

static const text_line *first_row(const text_table *table) {
    return table->has_header ? &table->second : &table->first;
}

static exk_status ragged_row(const text_table *table, const text_line *line) {
    return exk_file_error(table->error, EXK_ERR_FORMAT, file_of(table),
                          "line %lld: %lld cells where line %lld has %lld; give every row as many",
                          (long long)line->number, (long long)count_cells(table, line),
                          (long long)first_row(table)->number, (long long)table->cells);
}

static exk_status use_column(text_table *table, int64_t cell) {
    if (table->column[cell] >= 0) {
        return exk_file_error(table->error, EXK_ERR_ARGUMENT, file_of(table),
                              "columns \"%s\": column %lld is asked for twice; name it once",
                              table->options->columns, (long long)cell);
    }
    table->column[cell] = table->columns++;
    return EXK_OK;
}

/* A column number, only digits; -1 if it is something else or no such column exists. */
static int64_t column_number(const text_table *table, const char *begin, const char *end) {
    int64_t number = 0;
    for (const char *p = begin; p < end; p++) {
        if (!isdigit((unsigned char)*p) || number > table->cells) {
            return -1;
        }
        number = number * 10 + (*p - '0');
    }
    return begin < end && number < table->cells ? number : -1;
}

static int64_t column_named(const text_table *table, const char *begin, const char *end) {
    const size_t length = (size_t)(end - begin);
    const char *p = table->has_header && length > 0 ? table->first.begin : NULL;
    for (int64_t i = 0; p && i < table->cells; i++) {
        text_cell cell;
        p = next_cell(p, table->first.end, table->delimiter, &cell);
        if ((size_t)(cell.end - cell.begin) == length && memcmp(cell.begin, begin, length) == 0) {
            return i;
        }
    }
    return -1;
}

/* "7", "2-5" or a name, as the cells from..to. */
static bool find_columns(const text_table *table, const char *begin, const char *end, int64_t *from, int64_t *to) {
    const char *dash = memchr(begin, '-', (size_t)(end - begin));
    *from = column_number(table, begin, dash ? dash : end);
    *to = dash ? column_number(table, dash + 1, end) : *from;
    if (*from >= 0 && *to >= *from) {
        return true;
    }
    *from = *to = column_named(table, begin, end);
    return *from >= 0;
}

static exk_status choose_named_columns(text_table *table) {
    const char *p = table->options->columns;
    for (bool more = true; more;) {
        const char *comma = strchrnul(p, ',');
        const char *begin = skip_blanks(p, comma, ',');
        const char *end = drop_blanks(begin, comma, ',');
        int64_t from, to;
        if (!find_columns(table, begin, end, &from, &to)) {
            return exk_file_error(
                table->error, EXK_ERR_ARGUMENT, file_of(table),
                "columns \"%s\": '%.*s' is no column; there are 0 to %lld%s", table->options->columns,
                (int)(end - begin < 40 ? end - begin : 40), begin, (long long)table->cells - 1,
                table->has_header ? ", and the names of the header" : ", and no header with names");
        }
        for (int64_t i = from; i <= to; i++) {
            const exk_status status = use_column(table, i);
            if (status != EXK_OK) {
                return status;
            }
        }
        more = *comma == ',';
        p = comma + 1;
    }
    return EXK_OK;
}

/* "5 2" between commas: the commas of "1,5 2,5" are decimal ones, and the table would be read as garbage. */
static bool holds_two_numbers(const text_cell *cell) {
    const char *p = cell->begin;
    while (p < cell->end && !is_blank(*p, ',')) {
        p++;
    }
    const text_cell left = {cell->begin, p}, right = {skip_blanks(p, cell->end, ','), cell->end};
    return p < cell->end && is_numeric(&left) && is_numeric(&right);
}

static exk_status choose_numeric_columns(text_table *table) {
    const text_line *row = first_row(table);
    const char *p = row->begin;
    for (int64_t i = 0; i < table->cells; i++) {
        text_cell cell;
        p = next_cell(p, row->end, table->delimiter, &cell);
        if (holds_two_numbers(&cell)) {
            return exk_file_error_at(
                table->error, EXK_ERR_FORMAT, file_of(table), 0, i,
                "line %lld, column %lld (counted from 0): two numbers in one cell; use decimal points, "
                "not commas, and one delimiter",
                (long long)row->number, (long long)i);
        }
        if (is_numeric(&cell)) {
            table->column[i] = table->columns++;
        }
    }
    if (table->columns == 0) {
        return exk_file_error(table->error, EXK_ERR_FORMAT, file_of(table),
                              "line %lld: no cell is a number; use decimal points, and one header line at most",
                              (long long)row->number);
    }
    return EXK_OK;
}

static void note_left_out(const text_table *table) {
    enum { LISTED = 12 };
    char list[LISTED * 24] = "";
    const int64_t left_out = table->cells - table->columns;
    int64_t listed = 0;
    for (int64_t i = 0; i < table->cells && listed < LISTED; i++) {
        if (table->column[i] < 0) {
            const size_t used = strlen(list);
            snprintf(list + used, sizeof list - used, "%s%lld", listed++ > 0 ? ", " : "", (long long)i);
        }
    }
    if (left_out > 0) {
        exk_dataset_note(table->dataset, "left out non-numeric columns %s%s", list,
                         left_out > listed ? ", ..." : "");
    }
}

static exk_status choose_columns(text_table *table) {
    table->column = malloc((size_t)table->cells * sizeof *table->column);
    if (!table->column) {
        return out_of_memory(table);
    }
    memset(table->column, -1, (size_t)table->cells * sizeof *table->column);
    const exk_status status =
        table->options->columns ? choose_named_columns(table) : choose_numeric_columns(table);
    if (status == EXK_OK && !table->options->columns) {
        note_left_out(table);
    }
    return status;
}

/* Decide on delimiter, header and columns from the first two lines. */
static exk_status find_layout(text_table *table) {
    exk_status status = copy_next_line(table, &table->first, &table->first_copy);
    if (status == EXK_OK && table->first.begin) {
        status = copy_next_line(table, &table->second, &table->second_copy);
    }
    if (status != EXK_OK) {
        return status;
    }
    if (!table->first.begin) {
        return exk_file_error(table->error, EXK_ERR_FORMAT, file_of(table),
                              "holds no row of numbers; give at least one");
    }
    choose_delimiter(table);
    trim(table, &table->first);
    trim(table, &table->second);
    table->has_header = find_header(table);
    table->cells = count_cells(table, first_row(table));
    if (count_cells(table, &table->first) != table->cells) {
        return ragged_row(table, &table->first);
    }
    return choose_columns(table);
}

static exk_status bad_cell(const text_table *table, exk_status status, const text_line *line, int64_t cell,
                           const text_cell *content, const char *what) {
    const int shown = content->end - content->begin < 40 ? (int)(content->end - content->begin) : 40;
    return exk_file_error_at(table->error, status, file_of(table), table->rows, cell,
                             "line %lld, column %lld (counted from 0): '%.*s' %s", (long long)line->number,
                             (long long)cell, shown, content->begin, what);
}

static exk_status read_cell(const text_table *table, const text_line *line, int64_t cell, const text_cell *content,
                            float *to) {
    double value = 0;
    const exk_number kind = cell_number(content, &value);
    if (kind == EXK_NUMBER_NONE) {
        const char *what = content->begin == content->end ? "is empty; put a number there or remove the row"
                                                          : "is not a number; correct it, or choose other columns";
        return bad_cell(table, EXK_ERR_FORMAT, line, cell, content, what);
    }
    if (kind == EXK_NUMBER_NOT_FINITE) {
        return bad_cell(table, EXK_ERR_NOT_FINITE, line, cell, content,
                        "is not finite; remove the row or put a number there");
    }
    *to = (float)value;
    if (isinf(*to)) {
        return bad_cell(table, EXK_ERR_NOT_FINITE, line, cell, content,
                        "is beyond float32's range of about 3.4e38; rescale the column");
    }
    return EXK_OK;
}

static exk_status read_cells(const text_table *table, const text_line *line, float *row) {
    const char *p = line->begin;
    for (int64_t i = 0; i < table->cells; i++) {
        text_cell cell;
        if (!p) {
            return ragged_row(table, line);
        }
        p = next_cell(p, line->end, table->delimiter, &cell);
        if (table->column[i] >= 0) {
            const exk_status status = read_cell(table, line, i, &cell, row + table->column[i]);
            if (status != EXK_OK) {
                return status;
            }
        }
    }
    return p ? ragged_row(table, line) : EXK_OK;
}

static exk_status read_row(text_table *table, text_line *line) {
    exk_dataset *dataset = table->dataset;
    const size_t row_bytes = (size_t)table->columns * sizeof(float), done = (size_t)table->rows * row_bytes;
    exk_status status = exk_dataset_grow(file_of(table), dataset, done + row_bytes, table->error);
    if (status == EXK_OK) {
        trim(table, line);
        status = read_cells(table, line, (float *)dataset->storage + table->rows * table->columns);
        table->rows++;
    }
    return status;
}

static exk_status read_rows(text_table *table) {
    text_line line = {0};
    exk_status status = EXK_OK;
    if (!table->has_header) {
        status = read_row(table, &table->first);
    }
    if (status == EXK_OK && table->second.begin) {
        status = read_row(table, &table->second);
    }
    while (status == EXK_OK) {
        status = next_line(table, &line);
        if (status != EXK_OK || !line.begin) {
            break;
        }
        status = read_row(table, &line);
    }
    return status;
}

exk_status exk_text_read(exk_input *input, const exk_load_options *options, exk_dataset *dataset,
                         exk_error *error) {
    text_table table = {.input = input, .options = options, .dataset = dataset, .error = error};
    exk_status status = find_layout(&table);
    if (status == EXK_OK) {
        status = read_rows(&table);
    }
    if (status == EXK_OK) {
        exk_dataset_finish(dataset, table.rows, table.columns);
    }
    free(table.first_copy);
    free(table.second_copy);
    free(table.column);
    return status;
}
