#include "datasets/input.h"
#include "datasets/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef EXAKT_HAVE_ZLIB
#include <zlib.h>
#endif

enum { BUFFER_BYTES = 1 << 18, LONGEST_LINE = 1 << 28 };

struct exk_input {
    const char *path;
    exk_error *error;
    int fd;
    bool regular;
    int64_t file_bytes; /* of a regular file */
    int64_t position;   /* content bytes handed out */
    uint8_t *buffer;    /* content; unread bytes at begin..end */
    size_t capacity, begin, end;
    bool ended; /* no content will follow what is in the buffer */
    bool gzip;
#ifdef EXAKT_HAVE_ZLIB
    z_stream inflater;
    uint8_t *packed; /* what the file holds, before inflating */
    bool between_members;
#endif
};

const char *exk_input_path(const exk_input *input) {
    return input->path;
}

int64_t exk_input_position(const exk_input *input) {
    return input->position;
}

int64_t exk_input_left(const exk_input *input) {
    return input->regular && !input->gzip ? input->file_bytes - input->position : -1;
}

static exk_status out_of_memory(const exk_input *input) {
    return exk_file_error(input->error, EXK_ERR_MEMORY, input->path,
                          "no memory for an input buffer; free some memory");
}

/* Read from the file itself; *got == 0 at its end. */
static exk_status read_raw(exk_input *input, uint8_t *to, size_t bytes, size_t *got) {
    ssize_t result;
    do {
        result = read(input->fd, to, bytes);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        return exk_file_error(input->error, EXK_ERR_FILE, input->path,
                              "cannot be read: %s; check the disk or the mount", strerror(errno));
    }
    *got = (size_t)result;
    return EXK_OK;
}

#ifdef EXAKT_HAVE_ZLIB

static exk_status start_gzip(exk_input *input) {
    input->packed = malloc(BUFFER_BYTES);
    const int gzip_only = 15 + 16;
    if (!input->packed || inflateInit2(&input->inflater, gzip_only) != Z_OK) {
        return out_of_memory(input);
    }
    memcpy(input->packed, input->buffer + input->begin, input->end - input->begin);
    input->inflater.next_in = input->packed;
    input->inflater.avail_in = (uInt)(input->end - input->begin);
    input->begin = input->end = 0;
    input->gzip = true;
    return EXK_OK;
}

static void stop_gzip(exk_input *input) {
    if (input->packed) {
        inflateEnd(&input->inflater);
        free(input->packed);
    }
}

static exk_status refill_packed(exk_input *input) {
    size_t got = 0;
    const exk_status status = read_raw(input, input->packed, BUFFER_BYTES, &got);
    input->inflater.next_in = input->packed;
    input->inflater.avail_in = (uInt)got;
    return status;
}

/* Between gzip members: zero padding is skipped, another member is begun, the end of the file is the end. */
static exk_status next_member(exk_input *input) {
    z_stream *z = &input->inflater;
    for (;;) {
        if (z->avail_in == 0) {
            const exk_status status = refill_packed(input);
            if (status != EXK_OK || z->avail_in == 0) {
                input->ended = true;
                return status;
            }
        }
        if (*z->next_in != 0) {
            input->between_members = false;
            inflateReset(z);
            return EXK_OK;
        }
        z->next_in++;
        z->avail_in--;
    }
}

static long long unpacked_bytes(const exk_input *input) {
    return input->position + (int64_t)(input->end - input->begin);
}

/* One step: more packed bytes, a new member, or some inflating. */
static exk_status inflate_step(exk_input *input) {
    z_stream *z = &input->inflater;
    if (input->between_members) {
        return next_member(input);
    }
    if (z->avail_in == 0) {
        const exk_status status = refill_packed(input);
        if (status != EXK_OK || z->avail_in > 0) {
            return status;
        }
        return exk_file_error(input->error, EXK_ERR_FORMAT, input->path,
                              "gzip data ends early, after %lld unpacked bytes; it is truncated, copy it again",
                              unpacked_bytes(input));
    }
    const int result = inflate(z, Z_NO_FLUSH);
    input->between_members = result == Z_STREAM_END;
    if (result == Z_MEM_ERROR) {
        return out_of_memory(input); /* zlib allocates its window late */
    }
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        return exk_file_error(input->error, EXK_ERR_FORMAT, input->path,
                              "gzip data damaged after %lld unpacked bytes (%s); copy it again",
                              unpacked_bytes(input), z->msg ? z->msg : "inflate failed");
    }
    return EXK_OK;
}

static exk_status inflate_more(exk_input *input, uint8_t *to, size_t bytes, size_t *got) {
    z_stream *z = &input->inflater;
    z->next_out = to;
    z->avail_out = (uInt)bytes;
    exk_status status = EXK_OK;
    while (status == EXK_OK && z->avail_out == (uInt)bytes && !input->ended) {
        status = inflate_step(input);
    }
    *got = bytes - z->avail_out;
    return status;
}

#else

static exk_status start_gzip(exk_input *input) {
    return exk_file_error(input->error, EXK_ERR_FILE, input->path,
                          "is gzip, and this build has no zlib; unpack it with gunzip, or build with zlib");
}

static void stop_gzip(exk_input *input) {
    (void)input;
}

static exk_status inflate_more(exk_input *input, uint8_t *to, size_t bytes, size_t *got) {
    (void)to, (void)bytes, (void)got;
    return start_gzip(input);
}

#endif

/* Append some content to the buffer; sets ended when there is none left. */
static exk_status fill(exk_input *input) {
    uint8_t *to = input->buffer + input->end;
    const size_t room = input->capacity - input->end;
    size_t got = 0;
    const exk_status status = input->gzip ? inflate_more(input, to, room, &got) : read_raw(input, to, room, &got);
    input->end += got;
    input->ended = input->ended || (status == EXK_OK && got == 0);
    return status;
}

/* Make room for `want` unread bytes. */
static exk_status make_room(exk_input *input, size_t want) {
    memmove(input->buffer, input->buffer + input->begin, input->end - input->begin);
    input->end -= input->begin;
    input->begin = 0;
    if (want <= input->capacity) {
        return EXK_OK;
    }
    uint8_t *buffer = realloc(input->buffer, want);
    if (!buffer) {
        return out_of_memory(input);
    }
    input->buffer = buffer;
    input->capacity = want;
    return EXK_OK;
}

exk_status exk_input_peek(exk_input *input, size_t want, const uint8_t **bytes, size_t *have) {
    exk_status status = EXK_OK;
    if (input->capacity - input->begin < want) {
        status = make_room(input, want);
    }
    while (status == EXK_OK && input->end - input->begin < want && !input->ended) {
        status = fill(input);
    }
    *bytes = input->buffer + input->begin;
    *have = input->end - input->begin;
    return status;
}

static void take(exk_input *input, size_t bytes) {
    input->begin += bytes;
    input->position += (int64_t)bytes;
}

exk_status exk_input_read(exk_input *input, void *to, size_t bytes, size_t *got) {
    *got = 0;
    while (*got < bytes) {
        const uint8_t *from;
        size_t have;
        const exk_status status = exk_input_peek(input, 1, &from, &have);
        if (status != EXK_OK || have == 0) {
            return status;
        }
        const size_t part = have < bytes - *got ? have : bytes - *got;
        memcpy((uint8_t *)to + *got, from, part);
        take(input, part);
        *got += part;
    }
    return EXK_OK;
}

/* Have the buffer hold a whole line. *length excludes the newline, *skip includes it. */
static exk_status find_line(exk_input *input, size_t *length, size_t *skip) {
    size_t searched = 0, want = 1;
    for (;;) {
        const uint8_t *bytes;
        size_t have;
        const exk_status status = exk_input_peek(input, want, &bytes, &have);
        if (status != EXK_OK) {
            return status;
        }
        const uint8_t *newline = have > searched ? memchr(bytes + searched, '\n', have - searched) : NULL;
        if (newline || have < want) {
            *length = newline ? (size_t)(newline - bytes) : have;
            *skip = *length + (newline != NULL);
            return EXK_OK;
        }
        if (have >= LONGEST_LINE) {
            return exk_file_error(input->error, EXK_ERR_FORMAT, input->path,
                                  "a line is longer than %d bytes; give it line ends, or save as .npy",
                                  LONGEST_LINE);
        }
        searched = have;
        /* Ask for as much as fits before growing, then for twice as much. */
        want = have < BUFFER_BYTES / 2 ? have + 1 : 2 * have;
    }
}

exk_status exk_input_line(exk_input *input, const char **line, size_t *length) {
    size_t skip = 0;
    *line = NULL;
    *length = 0;
    const exk_status status = find_line(input, length, &skip);
    if (status != EXK_OK || skip == 0) {
        return status;
    }
    *line = (const char *)input->buffer + input->begin;
    take(input, skip);
    if (*length > 0 && (*line)[*length - 1] == '\r') {
        --*length;
    }
    return EXK_OK;
}

static const char *open_remedy(int code) {
    switch (code) {
    case ENOENT:
    case ENOTDIR:
        return "check the path";
    case EACCES:
    case EPERM:
        return "check the permissions";
    default:
        return "check the path and the system";
    }
}

static exk_status open_file(exk_input *input) {
    struct stat about;
    input->fd = open(input->path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0 || fstat(input->fd, &about) != 0) {
        return exk_file_error(input->error, EXK_ERR_FILE, input->path, "cannot be opened: %s; %s", strerror(errno),
                              open_remedy(errno));
    }
    if (S_ISDIR(about.st_mode)) {
        return exk_file_error(input->error, EXK_ERR_FILE, input->path, "is a directory; name a file in it");
    }
    input->regular = S_ISREG(about.st_mode);
    input->file_bytes = about.st_size;
    return EXK_OK;
}

static exk_status start(exk_input *input) {
    const uint8_t *head;
    size_t have;
    exk_status status = open_file(input);
    if (status == EXK_OK) {
        status = exk_input_peek(input, 2, &head, &have);
    }
    if (status == EXK_OK && have >= 2 && head[0] == 0x1f && head[1] == 0x8b) {
        input->ended = false;
        status = start_gzip(input);
    }
    return status;
}

exk_status exk_input_open(const char *path, exk_input **out, exk_error *error) {
    exk_input *input = calloc(1, sizeof *input);
    uint8_t *buffer = malloc(BUFFER_BYTES);
    *out = NULL;
    if (!input || !buffer) {
        free(input);
        free(buffer);
        return exk_file_error(error, EXK_ERR_MEMORY, path, "no memory for an input buffer; free some memory");
    }
    *input = (exk_input){.path = path, .error = error, .fd = -1, .buffer = buffer, .capacity = BUFFER_BYTES};
    const exk_status status = start(input);
    if (status != EXK_OK) {
        exk_input_close(input);
        return status;
    }
    *out = input;
    return EXK_OK;
}

void exk_input_close(exk_input *input) {
    if (!input) {
        return;
    }
    stop_gzip(input);
    if (input->fd >= 0) {
        close(input->fd);
    }
    free(input->buffer);
    free(input);
}

void *exk_input_map(const exk_input *input, size_t *bytes) {
    if (!input->regular || input->gzip || input->file_bytes <= 0) {
        return NULL;
    }
    *bytes = (size_t)input->file_bytes;
    void *base = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, input->fd, 0);
    if (base == MAP_FAILED) {
        return NULL;
    }
    /* Every point is read many times, front to back: have the pages brought in now. */
    madvise(base, *bytes, MADV_WILLNEED);
    return base;
}
