/* What the programs have in common. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agencysh.h"

/* Ends the program with the place and the condition unless it holds. */
#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);          \
      exit(1);                                                                 \
    }                                                                          \
  } while (0)

/* Takes a value that has to be this one; the error is looked at after the call that sets it. */
#define CHECK_VALUE(value, wanted, error)                                      \
  check_value(__FILE__, __LINE__, value, wanted, &error)

/* Takes an error that has to be of this kind. */
#define CHECK_ERROR(failed, wanted, error)                                     \
  check_error(__FILE__, __LINE__, failed, wanted, error)

static inline void check_value(const char *file, int line, char *value,
                               const char *wanted, agencysh_error **error) {
  if (value == NULL || *error != NULL || strcmp(value, wanted) != 0) {
    fprintf(stderr, "%s:%d: %s, not %s; %s\n", file, line,
            value ? value : "nothing", wanted,
            *error ? agencysh_error_json(*error) : "no error");
    exit(1);
  }
  agencysh_string_free(value);
}

static inline void check_error(const char *file, int line, int failed,
                               const char *wanted, agencysh_error *error) {
  if (!failed || error == NULL ||
      strcmp(agencysh_error_kind(error), wanted) != 0) {
    fprintf(stderr, "%s:%d: not %s: %s\n", file, line, wanted,
            error ? agencysh_error_json(error) : "no error");
    exit(1);
  }
  agencysh_error_free(error);
}

#endif
