/* Runs a small dense network: what classifiers/dense_network.py reads from an ONNX graph. */
#include <math.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "network.h"

enum { TILE = 4 };

typedef int32_t Mask __attribute__((vector_size(LANES * sizeof(int32_t))));

typedef struct {
    const float *mean, *scale, *low, *high; /* of each feature */
    int64_t features;
    int64_t with_unknown; /* whether a flag for each feature says that it is not known */
    const Layer *layers;
    int64_t layer_count;
} Network;

#define INLINE static inline __attribute__((always_inline))

/* Brings the features of some rows to one scale, with the mean for what is unknown (NaN). */
INLINE void standardise(const Network *network, const float *features, int64_t rows, int64_t count,
                        Lanes *out) {
    for (int64_t nth = 0; nth < network->features; nth++) {
        float mean = network->mean[nth], scale = network->scale[nth];
        float low = network->low[nth], high = network->high[nth];
        for (int64_t lane = 0; lane < LANES; lane++) {
            float value = lane < count ? features[nth * rows + lane] : mean;
            int unknown = isnan(value);
            float scaled = ((unknown ? mean : value) - mean) / scale;
            scaled = scaled > low ? scaled : low;
            out[nth][lane] = scaled < high ? scaled : high;
            if (network->with_unknown) out[network->features + nth][lane] = (float)unknown;
        }
    }
}

/* Computes `count` (a constant) neighbouring outputs at once, which keeps the sums in registers. */
INLINE void run_outputs(const float *weights, const float *biases, const Lanes *in, int64_t inputs,
                        Lanes *out, int count, int is_last) {
#pragma STDC FP_CONTRACT ON
    const Lanes zero = {0};
    Lanes sums[TILE];
    for (int nth = 0; nth < count; nth++) sums[nth] = zero + biases[nth];
    for (int64_t from = 0; from < inputs; from++)
        for (int nth = 0; nth < count; nth++) sums[nth] += in[from] * weights[nth * inputs + from];
    for (int nth = 0; nth < count; nth++)
        out[nth] = is_last ? sums[nth] : (Lanes)((sums[nth] > zero) & (Mask)sums[nth]);
}

INLINE void run_layer(const Layer *layer, const Lanes *in, Lanes *out, int is_last) {
    const float *weights = layer->weights, *biases = layer->biases;
    int64_t inputs = layer->inputs;
    for (int64_t group = 0; group < layer->groups; group++) {
        int64_t to = 0;
        for (; to + TILE <= layer->outputs; to += TILE)
            run_outputs(weights + to * inputs, biases + to, in, inputs, out + to, TILE, is_last);
        for (; to < layer->outputs; to++)
            run_outputs(weights + to * inputs, biases + to, in, inputs, out + to, 1, is_last);
        weights += layer->outputs * inputs;
        biases += layer->outputs;
        in += inputs;
        out += layer->outputs;
    }
}

INLINE Lanes *run_all(const Layer *layers, int64_t count, Lanes *in, Lanes *out) {
    for (int64_t nth = 0; nth < count; nth++) {
        run_layer(layers + nth, in, out, nth == count - 1);
        Lanes *swap = in;
        in = out;
        out = swap;
    }
    return in;
}

INLINE void run(const Network *network, const float *features, int64_t rows, float *scores) {
    Lanes here[WIDEST], there[WIDEST];
    for (int64_t first = 0; first < rows; first += LANES) {
        int64_t count = rows - first < LANES ? rows - first : LANES;
        standardise(network, features + first, rows, count, here);
        const Lanes *odds = run_all(network->layers, network->layer_count, here, there);
        for (int64_t lane = 0; lane < count; lane++)
            scores[first + lane] = 1.0f / (1.0f + expf(-odds[0][lane]));
    }
}

#ifdef __x86_64__
/* Whether processor and system have AVX2 and FMA. `__builtin_cpu_supports` says no to everything in what
 * this compiler links.
 */
static int has_wide_registers(void) {
    static int known = -1;
    if (known < 0) {
        unsigned int a, b, c = 0, d, wide = 0, low, high;
        __get_cpuid(1, &a, &b, &c, &d);
        int usable = (c & bit_FMA) && (c & bit_OSXSAVE);
        if (usable) {
            __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
            usable = (low & 6) == 6 && __get_cpuid_count(7, 0, &a, &wide, &c, &d) && (wide & bit_AVX2);
        }
        known = usable;
    }
    return known;
}

/* With AVX2 and FMA it is twice as quick. */
__attribute__((target("avx2,fma"), noinline)) static void run_wide(const Network *network,
                                                               const float *features, int64_t rows,
                                                               float *scores) {
    run(network, features, rows, scores);
}

__attribute__((target("avx2,fma"), noinline)) static Lanes *run_all_wide(const Layer *layers, int64_t count,
                                                                     Lanes *in, Lanes *out) {
    return run_all(layers, count, in, out);
}
#endif

Lanes *run_layers(const Layer *layers, int64_t count, Lanes *in, Lanes *out) {
#ifdef __x86_64__
    if (has_wide_registers()) return run_all_wide(layers, count, in, out);
#endif
    return run_all(layers, count, in, out);
}

/* Scores `rows` rows; `features` has a column of `rows` for each feature. The last layer has one output,
 * whose sigmoid is the score. No layer is wider than WIDEST.
 */
EXPORT void fanzha_run_network(const Network *network, const float *features, int64_t rows,
                               float *scores) {
#ifdef __x86_64__
    if (has_wide_registers()) {
        run_wide(network, features, rows, scores);
        return;
    }
#endif
    run(network, features, rows, scores);
}
