/* How the names of a host are made: classifiers/link/name_columns.py says what that is. */
#ifndef NAMES_H
#define NAMES_H

#include "words.h"

/* How much likelier n-grams are in malicious names, and how likely in legitimate ones. */
typedef struct {
    Words grams;
    const double *ratios, *legitimate;
} Letters;

/* Counts of kinds of characters, and of runs of them. */
typedef struct {
    int64_t digits, hyphens, vowels, distinct;
    int64_t digit_run, consonant_run, hexadecimal_run, repeat; /* the longest */
    int64_t letter_digit_turns; /* places where a small letter and a digit meet */
    int64_t kind_turns;         /* places where two of small letters, capitals and digits meet */
} Counts;

__attribute__((visibility("hidden"))) Counts counts_of(Span text);

/* Writes what the letters of a name say: classifiers/link/letter_odds.py says what. */
__attribute__((visibility("hidden"))) float *write_letters(const Letters *letters, Span name, float *out);

/* Writes which share of a name are syllables of pinyin, and how many there are. */
__attribute__((visibility("hidden"))) float *write_syllables(Span name, float *out);

#endif
