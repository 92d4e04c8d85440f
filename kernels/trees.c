/* Runs boosted trees: what classifiers/tree_ensemble.py reads from an ONNX graph. */
#include <string.h>

#include "kernels.h"

enum { SIDE_BY_SIDE = 20, MOST_INPUTS = 256 };

/* A row goes on from a node to `first` where its input is at most the threshold, else to the node after `first`.
 * A leaf goes on to itself: its input is that after the last, which is 0, its threshold infinite.
 */
typedef struct {
    float threshold;
    uint16_t input, first;
} Node;

typedef struct {
    const Node *nodes;     /* what comes after a node lies after it */
    const float *values;   /* of each node that is a leaf */
    const uint16_t *roots; /* of the trees, then of leaves up to a multiple of SIDE_BY_SIDE */
    int64_t trees, inputs; /* at most MOST_INPUTS */
    float base;
} Trees;

/* Adds up what the trees say of one row: several are walked down at once, as each step waits for memory. */
static float run_row(const Trees *trees, const float *row) {
    float inputs[MOST_INPUTS + 1], sum = 0;
    memcpy(inputs, row, (size_t)trees->inputs * sizeof *row);
    inputs[trees->inputs] = 0;
    for (int64_t tree = 0; tree < trees->trees; tree += SIDE_BY_SIDE) {
        uint32_t at[SIDE_BY_SIDE], moved;
        for (int lane = 0; lane < SIDE_BY_SIDE; lane++) at[lane] = trees->roots[tree + lane];
        do {
            moved = 0;
            for (int lane = 0; lane < SIDE_BY_SIDE; lane++) {
                Node node = trees->nodes[at[lane]];
                uint32_t to = node.first + !(inputs[node.input] <= node.threshold);
                moved |= to ^ at[lane];
                at[lane] = to;
            }
        } while (moved);
        for (int lane = 0; lane < SIDE_BY_SIDE && tree + lane < trees->trees; lane++) sum += trees->values[at[lane]];
    }
    return sum + trees->base;
}

/* Scores `count` rows of as many numbers as there are inputs. */
EXPORT void fanzha_run_trees(const Trees *trees, const float *rows, int64_t count, float *out) {
    for (int64_t row = 0; row < count; row++) out[row] = run_row(trees, rows + row * trees->inputs);
}
