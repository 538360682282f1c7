/* Matrix products.
 *
 * A product is made of tiles: TALL rows by WIDE columns of the result stay in registers
 * while the depth of the product passes by. The right factor comes in *panels*: WIDE
 * columns of it, one line of WIDE numbers after the other, so that a tile reads memory
 * in order (Goto & van de Geijn, "Anatomy of high-performance matrix multiplication",
 * 2008). A last panel that needs no more than LANES columns has only those; beyond the
 * true columns it holds zeros. The left factor is read where it lies, row by row: rows
 * of a batch need not be gathered.
 *
 * Data that are fed to networks are often full of zeros (images, one-hot codes), and
 * zeros next to each other are found at a small part of the price of multiplying them:
 *
 *   - multiply_rows leaves out STRIP columns where all rows of a tile have zeros,
 *   - multiply_columns leaves out rows that have zeros in all columns of a tile.
 *
 * Every element of a result is summed in the order of the depth, whatever tile it is
 * in: it does not depend on how rows and columns are divided among threads.
 */
#ifndef SKANN_PRODUCTS_H
#define SKANN_PRODUCTS_H

#include "real.h"

enum { STRIP = 4 };

INLINE Index panel_width(Index n_columns) { return n_columns > LANES ? WIDE : LANES; }

/* Columns of all panels of a matrix together. */
INLINE Index padded(Index n_columns)
{
    const Index whole = n_columns / WIDE * WIDE;
    return n_columns == whole ? whole : whole + panel_width(n_columns - whole);
}

/* How many rows the next tile has, of so many that are left. */
INLINE int tile_rows(Index left)
{
    return left >= TALL ? TALL : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

/* Copy up to WIDE numbers. For a size that it does not know the compiler calls in what
 * is made for many more. */
INLINE void copy_line(real *to, const real *from, Index n)
{
    if (n == WIDE)
        memcpy(to, from, WIDE * sizeof(real));
    else if (n == LANES)
        memcpy(to, from, LANES * sizeof(real));
    else
        for (Index j = 0; j < n; j++)
            to[j] = from[j];
}

/* sum += the outer product of tall numbers A(i) and a panel's line b. */
#define ACCUMULATE(A)                                                                  \
    do {                                                                               \
        vector line[2];                                                                \
        for (int j = 0; j < vectors; j++)                                              \
            line[j] = *(const vector *)(b + j * LANES);                                \
        for (int i = 0; i < tall; i++)                                                 \
            for (int j = 0; j < vectors; j++)                                          \
                sum[i][j] += (A) * line[j];                                            \
    } while (0)

INLINE void clear(const int tall, const int vectors, vector sum[TALL][2])
{
    for (int i = 0; i < tall; i++)
        for (int j = 0; j < vectors; j++)
            sum[i][j] = (vector){0};
}

/* Write or add a tile to a matrix that has n_columns left. */
INLINE void store(const int tall, const int vectors, vector sum[TALL][2], real *out,
                  Index stride, Index n_columns, int add)
{
    if (n_columns >= vectors * LANES) {
        for (int i = 0; i < tall; i++)
            for (int j = 0; j < vectors; j++) {
                loose_vector *place = (loose_vector *)(out + i * stride + j * LANES);
                if (add)
                    *place += sum[i][j];
                else
                    *place = sum[i][j];
            }
        return;
    }
    real line[2 * LANES];
    for (int i = 0; i < tall; i++) {
        for (int j = 0; j < vectors; j++)
            memcpy(line + j * LANES, &sum[i][j], sizeof(vector));
        for (Index j = 0; j < n_columns; j++)
            out[i * stride + j] = add ? out[i * stride + j] + line[j] : line[j];
    }
}

/* A tile over `depth` numbers of each row. */
INLINE void rows_tile(const int tall, const int vectors, const real *const *rows,
                      Index from, Index depth, const real *b, real *out, Index stride,
                      int add)
{
    vector sum[TALL][2];
    const real *a[TALL];
    clear(tall, vectors, sum);
    for (int i = 0; i < tall; i++)
        a[i] = rows[i] + from;
    for (Index k = 0; k < depth; k++, b += vectors * LANES)
        ACCUMULATE(a[i][k]);
    store(tall, vectors, sum, out, stride, WIDE, add);
}

/* The same, but of whole strips only those of a list. */
INLINE void strips_tile(const int tall, const int vectors, const real *const *rows,
                        Index from, Index depth, const uint16_t *strips, Index n_strips,
                        const real *panel, real *out, Index stride, int add)
{
    vector sum[TALL][2];
    const real *a[TALL];
    clear(tall, vectors, sum);
    for (int i = 0; i < tall; i++)
        a[i] = rows[i] + from;
    for (Index s = 0; s < n_strips; s++) {
        const Index k = (Index)STRIP * strips[s];
        const real *b = panel + k * vectors * LANES;
        for (int step = 0; step < STRIP; step++, b += vectors * LANES)
            ACCUMULATE(a[i][k + step]);
    }
    for (Index k = depth / STRIP * STRIP; k < depth; k++) {
        const real *b = panel + k * vectors * LANES;
        ACCUMULATE(a[i][k]);
    }
    store(tall, vectors, sum, out, stride, WIDE, add);
}

/* A tile over the listed lines of a panel, with the left factor packed: TALL numbers
 * a line, of which the tile has `tall`. */
INLINE void columns_tile(const int tall, const int vectors, const real *a,
                         const uint16_t *lines, Index n_lines, const real *panel,
                         real *out, Index stride, Index n_columns, int add)
{
    vector sum[TALL][2];
    clear(tall, vectors, sum);
    for (Index l = 0; l < n_lines; l++, a += TALL) {
        const real *b = panel + (Index)lines[l] * vectors * LANES;
        ACCUMULATE(a[i]);
    }
    store(tall, vectors, sum, out, stride, n_columns, add);
}

#undef ACCUMULATE

/* Call a tile with its height and width as constants, so that it is unrolled. */
#define BY_SHAPE(tall, width, tile, ...)                                               \
    do {                                                                               \
        if ((width) == WIDE)                                                           \
            switch (tall) {                                                            \
            case TALL: tile(TALL, 2, __VA_ARGS__); break;                              \
            case 4: tile(4, 2, __VA_ARGS__); break;                                    \
            case 2: tile(2, 2, __VA_ARGS__); break;                                    \
            default: tile(1, 2, __VA_ARGS__);                                          \
            }                                                                          \
        else                                                                           \
            switch (tall) {                                                            \
            case TALL: tile(TALL, 1, __VA_ARGS__); break;                              \
            case 4: tile(4, 1, __VA_ARGS__); break;                                    \
            case 2: tile(2, 1, __VA_ARGS__); break;                                    \
            default: tile(1, 1, __VA_ARGS__);                                          \
            }                                                                          \
    } while (0)

/* -- a left factor by rows ------------------------------------------------------- */

/* Some lines of the right factor, or all of them. */
typedef struct {
    Index begin, end;
} Span;

/* Room for the strips that are not zero, tile by tile. */
typedef struct {
    uint16_t *strips; /* DEEP / STRIP for each tile */
    Index *counts;
    Index n_seen, n_left; /* strips looked at, and those of them to be multiplied */
} Strips;

/* List the strips of some rows that are not all zeros. */
static Index find_strips(const real *const *rows, int tall, Index from, Index n_strips,
                         uint16_t *strips)
{
    typedef bits strip __attribute__((vector_size(STRIP * sizeof(bits))));
    typedef bits loose_strip __attribute__((vector_size(STRIP * sizeof(bits)),
                                            aligned(sizeof(bits)), may_alias));
    Index count = 0;
    for (Index s = 0; s < n_strips; s++) {
        strip any = {0};
        for (int i = 0; i < tall; i++)
            any |= *(const loose_strip *)(rows[i] + from + s * STRIP);
        strips[count] = (uint16_t)s;
        count += (any[0] | any[1] | any[2] | any[3]) != 0;
    }
    return count;
}

/* One panel of a product, over `depth` columns of the left factor. */
static void rows_panel(const real *const *rows, Index begin, Index end, Index from,
                       Index depth, Index width, const real *panel, Strips *found,
                       real *out, Index stride, int add)
{
    int tall;
    for (Index i = begin, tile = 0; i < end; i += tall, tile++) {
        tall = tile_rows(end - i);
        real *place = out + i * stride;
        if (!found || found->counts[tile] == depth / STRIP)
            BY_SHAPE(tall, width, rows_tile, rows + i, from, depth, panel, place,
                     stride, add);
        else
            BY_SHAPE(tall, width, strips_tile, rows + i, from, depth,
                     found->strips + tile * (DEEP / STRIP), found->counts[tile], panel,
                     place, stride, add);
    }
}

/* out[begin:end] = rows[begin:end] times a matrix in panels, of which only the lines of
 * the span count.
 *
 * Lines of `out` have room for the padded columns. With `found`, zeros are looked for.
 */
static void multiply_rows(const real *const *rows, Index begin, Index end, Index depth,
                          Span span, const real *panels, Index n_columns, Strips *found,
                          real *out, Index stride)
{
    const Index n_lines = span.end - span.begin;
    const Index n_parts = (n_lines + DEEP - 1) / DEEP;
    const Index most = rounded_up((n_lines + n_parts - 1) / n_parts, STRIP);
    for (Index from = span.begin; from < span.end; from += most) {
        const Index part = smaller(most, span.end - from);
        int tall;
        if (found)
            for (Index i = begin, tile = 0; i < end; i += tall, tile++) {
                tall = tile_rows(end - i);
                found->counts[tile] =
                    find_strips(rows + i, tall, from, part / STRIP,
                                found->strips + tile * (DEEP / STRIP));
                found->n_seen += part / STRIP;
                found->n_left += found->counts[tile];
            }
        for (Index j = 0; j < n_columns; j += WIDE) {
            const Index width = panel_width(n_columns - j);
            rows_panel(rows, begin, end, from, part, width,
                       panels + j * depth + from * width, found, out + j, stride,
                       from > span.begin);
        }
    }
}

/* -- a left factor by columns ---------------------------------------------------- */

/* Columns of the left factor that are packed at once, and tiles that they make: of the
 * last ones three may be of 4, 2 and 1 columns. */
enum { BLOCK = 8 * TALL, MAX_TILES = BLOCK / TALL + 4 };

/* Room to pack a block of columns of DEEP rows, tile by tile. */
typedef struct {
    real *numbers;   /* DEEP * TALL for each tile */
    uint16_t *lines; /* DEEP for each tile */
    Index counts[MAX_TILES];
} Columns;

/* Whether n numbers are all +0. */
INLINE int all_zeros(const real *numbers, const int n)
{
    const char *bytes = (const char *)numbers;
    const int size = n * (int)sizeof(real);
    uint64_t any = 0, word;
    uint32_t half = 0;
    for (int i = 0; i + 8 <= size; i += 8) {
        memcpy(&word, bytes + i, 8);
        any |= word;
    }
    if (size % 8)
        memcpy(&half, bytes + size - 4, 4);
    return !(any | half);
}

/* Append `tall` columns of row r to a tile, unless they are all zeros. */
INLINE void pack_one(const int tall, const real *from, Index r, const Columns *room,
                     int tile, Index *count)
{
    memcpy(room->numbers + (tile * DEEP + *count) * TALL, from,
           (size_t)tall * sizeof(real));
    room->lines[tile * DEEP + *count] = (uint16_t)r;
    *count += !all_zeros(from, tall);
}

/* The last tiles of a block, which have less than TALL columns. */
static void pack_rest(const real *from, Index n, Index r, Columns *room, int tile)
{
    for (int tall; n > 0; n -= tall, from += tall, tile++) {
        tall = tile_rows(n);
        switch (tall) {
        case 4: pack_one(4, from, r, room, tile, room->counts + tile); break;
        case 2: pack_one(2, from, r, room, tile, room->counts + tile); break;
        default: pack_one(1, from, r, room, tile, room->counts + tile);
        }
    }
}

/* Copy `n` columns of some rows to tiles.
 *
 * A few numbers of each of many rows: what the processor does not foresee is asked for
 * some rows ahead.
 */
static void pack_columns(const real *const *rows, Index n_rows, Index column, Index n,
                         Columns *room)
{
    enum { AHEAD = 6, PER_LINE = LINE / sizeof(real) };
    const int n_whole = (int)(n / TALL);
    memset(room->counts, 0, sizeof room->counts);
    for (Index r = 0; r < n_rows; r++) {
        const real *from = rows[r] + column;
        if (r + AHEAD < n_rows)
            for (Index i = 0; i < n; i += PER_LINE)
                __builtin_prefetch(rows[r + AHEAD] + column + i);
        for (int tile = 0; tile < n_whole; tile++)
            pack_one(TALL, from + tile * TALL, r, room, tile, room->counts + tile);
        pack_rest(from + n_whole * TALL, n - n_whole * TALL, r, room, n_whole);
    }
}

/* Where row r of a matrix of n_rows x n_columns begins in its panels, which are for
 * DEEP rows after DEEP rows; and the depth of those panels. */
INLINE Index panels_before(Index row, Index n_rows, Index n_columns, Index *depth)
{
    const Index first = row / DEEP * DEEP;
    *depth = smaller(DEEP, n_rows - first);
    return first * padded(n_columns);
}

/* Bring rows [begin, end) of a matrix into panels, as multiply_columns wants them. */
static void pack_rows(const real *matrix, Index stride, Index begin, Index end,
                      Index n_rows, Index n_columns, real *panels)
{
    for (Index r = begin; r < end; r++) {
        Index depth;
        real *block = panels + panels_before(r, n_rows, n_columns, &depth);
        for (Index j = 0; j < n_columns; j += WIDE) {
            const Index width = panel_width(n_columns - j);
            copy_line(block + j * depth + r % DEEP * width, matrix + r * stride + j,
                      width);
        }
    }
}

/* out = rows[:, column : column + n]^T times the matrix that pack_rows has packed.
 *
 * At most BLOCK columns at once. Lines of `out` have n_columns numbers, no padding.
 */
static void multiply_columns(const real *const *rows, Index n_rows, Index column,
                             Index n, const real *panels, Index n_columns,
                             Columns *room, real *out)
{
    int tall;
    for (Index first = 0; first < n_rows; first += DEEP) {
        Index depth;
        const real *block = panels + panels_before(first, n_rows, n_columns, &depth);
        pack_columns(rows + first, depth, column, n, room);
        for (Index j = 0; j < n_columns; j += WIDE)
            for (Index i = 0, tile = 0; i < n; i += tall, tile++) {
                tall = tile_rows(n - i);
                BY_SHAPE(tall, panel_width(n_columns - j), columns_tile,
                         room->numbers + tile * DEEP * TALL, room->lines + tile * DEEP,
                         room->counts[tile], block + j * depth, out + i * n_columns + j,
                         n_columns, n_columns - j, first > 0);
            }
    }
}

#undef BY_SHAPE

#endif
